namespace Cpt.Torch;

public static partial class torch
{
    /// <summary>Several processes that compute together, by libtorch's own c10d.</summary>
    /// <remarks>
    /// All processes of a group call the same collectives in the same order, each from one thread at a time. A process that is gone makes the collectives of
    /// the others fail or, on a GPU, never end: whoever starts processes watches over them.
    /// </remarks>
    public static partial class distributed
    {
        /// <summary>How values of several processes become one.</summary>
        public enum ReduceOp
        {
            SUM = 0,
            MIN = 1,
            MAX = 2,
        }

        /// <summary>Whether the shim was built with NCCL, which collectives between GPUs need.</summary>
        public static bool is_nccl_available() => Native.cpt_has_nccl() != 0;

        /// <summary>One of the processes that compute together, seen from itself.</summary>
        public sealed class ProcessGroup : IDisposable
        {
            private readonly TCPStore _store;
            private nint _handle;

            /// <param name="backend"><c>gloo</c> for tensors in host memory, <c>nccl</c> for those on GPUs.</param>
            /// <param name="store">How the processes find each other; must live as long as the group.</param>
            /// <param name="rank">This process, from 0.</param>
            /// <param name="world_size">Processes in all.</param>
            /// <param name="timeout">How long a collective may take.</param>
            /// <param name="name">Tells groups over one store apart.</param>
            /// <param name="network_interface">Gloo's, such as <c>lo</c>; empty: the one of this machine's own name.</param>
            /// <exception cref="TorchException">The others did not come, or the shim lacks the backend.</exception>
            public ProcessGroup(string backend, TCPStore store, int rank, int world_size, TimeSpan timeout, string name = "default", string network_interface = "")
            {
                if (backend is not ("gloo" or "nccl")) throw new ArgumentException($"'{backend}' is no backend; gloo and nccl are", nameof(backend));
                _store = store;
                Backend = backend;
                (Rank, Size) = (rank, world_size);
                _handle = Native.Check(
                    Native.cpt_group_new(store.Handle, name, backend == "nccl" ? 1 : 0, rank, world_size, (long)timeout.TotalMilliseconds, network_interface), $"ProcessGroup {backend}");
            }

            ~ProcessGroup() => Native.cpt_group_free(_handle);

            public string Backend { get; }

            /// <summary>This process, from 0.</summary>
            public int Rank { get; }

            /// <summary>Processes in all.</summary>
            public int Size { get; }

            internal nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(ProcessGroup));

            /// <summary>The tensor becomes the reduction of everybody's, with the same bits everywhere. Summed in an order that hangs on sizes alone.</summary>
            public Work all_reduce(Tensor tensor, ReduceOp op = ReduceOp.SUM) => Begun(Native.cpt_all_reduce(Handle, tensor.Handle, (int)op), "all_reduce", tensor);

            /// <summary>The tensor becomes <paramref name="src"/>'s.</summary>
            public Work broadcast(Tensor tensor, int src) => Begun(Native.cpt_broadcast(Handle, tensor.Handle, src), "broadcast", tensor);

            /// <param name="output">As many times as long as <paramref name="input"/> as there are processes: theirs one after the other.</param>
            /// <param name="input">Of the same size everywhere.</param>
            public Work all_gather_into_tensor(Tensor output, Tensor input) => Begun(Native.cpt_all_gather(Handle, output.Handle, input.Handle), "all_gather_into_tensor", output, input);

            /// <param name="output">This process's part of the reduction.</param>
            /// <param name="input">As many times as long as there are processes.</param>
            /// <param name="op">Of the elements that stand at one place.</param>
            public Work reduce_scatter_tensor(Tensor output, Tensor input, ReduceOp op = ReduceOp.SUM) =>
                Begun(Native.cpt_reduce_scatter(Handle, output.Handle, input.Handle, (int)op), "reduce_scatter_tensor", output, input);

            /// <summary>Nobody goes on before everybody is here.</summary>
            public void barrier() => Begun(Native.cpt_barrier(Handle), "barrier").wait();

            /// <summary>Ends what runs on GPUs; the group is of no use after it. Gloo's collectives end by themselves when a process is gone.</summary>
            public void abort() => Native.Check(Native.cpt_group_abort(Handle), "abort");

            public void Dispose()
            {
                var handle = Interlocked.Exchange(ref _handle, 0);
                GC.SuppressFinalize(this);
                if (handle != 0) Native.cpt_group_free(handle);
                GC.KeepAlive(_store);
            }

            private Work Begun(nint work, string name, params Tensor?[] tensors)
            {
                GC.KeepAlive(this);
                return new Work(work, name, tensors);
            }
        }
    }
}

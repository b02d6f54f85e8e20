namespace Cpt.Torch;

public static partial class torch
{
    public static partial class distributed
    {
        /// <summary>What one process owns of a parameter.</summary>
        /// <param name="Bucket">In whose part it stands.</param>
        /// <param name="Parameter">Place in the list the reducer was made with.</param>
        /// <param name="Begin">First element, of the parameter laid out flat.</param>
        /// <param name="Length">Elements.</param>
        /// <param name="At">First element in the process's part of the bucket.</param>
        public readonly record struct Piece(int Bucket, int Parameter, long Begin, long Length, long At);

        /// <summary>
        /// Sums gradients over the processes of a group while the backward pass still computes the rest, and shares out who owns what: each process has
        /// an equal part of every bucket of some 25 MB, for which it keeps optimizer state (ZeRO stage 1, arXiv:1910.02054).
        /// </summary>
        /// <remarks>
        /// <code>
        /// foreach pass: Prepare(last); loss.backward()     buckets that are full are summed at once, in the last pass
        /// Finish()                                         the rest; then Part(b) is this process's part of the summed gradients
        /// …update the pieces of the parameters…
        /// GatherParameters(); Release()
        /// </code>
        /// Which gradient is in which bucket follows from the parameters alone, so equal work gives equal bits, also after a restart.
        /// </remarks>
        public sealed class GradientReducer : IDisposable
        {
            /// <summary>Large enough that a connection's delay does not count, small enough that the first is full early.</summary>
            public const long DefaultBucketBytes = 25 << 20;

            private readonly ProcessGroup _group;
            private readonly Tensor[] _parameters;
            private readonly byte[] _used;
            private nint _handle;

            /// <param name="group">Must live as long as the reducer.</param>
            /// <param name="parameters">Leaves that require gradients; the same everywhere, in the same order.</param>
            /// <param name="bucket_bytes">A bucket is full when it has as much; a larger parameter has one for itself.</param>
            public unsafe GradientReducer(ProcessGroup group, IReadOnlyList<Tensor> parameters, long bucket_bytes = DefaultBucketBytes)
            {
                _group = group;
                _parameters = [.. parameters];
                _used = new byte[_parameters.Length];
                fixed (nint* handles = new nint[_parameters.Length + 1])
                {
                    InFlight.Hold(_parameters!, handles);
                    _handle = Native.Check(Native.cpt_reducer_new(group.Handle, handles, _parameters.Length, bucket_bytes), nameof(GradientReducer));
                }

                Pieces = ReadPieces();
            }

            ~GradientReducer() => Native.cpt_reducer_free(_handle);

            /// <summary>What this process owns, by bucket.</summary>
            public IReadOnlyList<Piece> Pieces { get; }

            public int Buckets => Native.cpt_reducer_buckets(Handle);

            /// <summary>Buckets of the step so far whose sum began before its backward pass had ended.</summary>
            public int Overlapped => Native.cpt_reducer_overlapped(Handle);

            private nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(GradientReducer));

            /// <summary>Before each backward pass of a step.</summary>
            /// <param name="last">No pass follows it in this step.</param>
            public void Prepare(bool last) => Native.Check(Native.cpt_reducer_prepare(Handle, last ? 1 : 0), "GradientReducer.Prepare");

            /// <summary>Sums what is not summed yet, and waits for all. A process without any backward pass takes part with zeros.</summary>
            /// <returns>Of each parameter, whether any process had a gradient of it.</returns>
            public unsafe IReadOnlyList<bool> Finish()
            {
                fixed (byte* used = _used) Native.Check(Native.cpt_reducer_finish(Handle, used), "GradientReducer.Finish");
                GC.KeepAlive(_group);
                return Array.ConvertAll(_used, flag => flag != 0);
            }

            /// <summary>This process's part of a bucket of summed gradients, until <see cref="Release"/>.</summary>
            public Tensor Part(int bucket) => new(Native.Check(Native.cpt_reducer_part(Handle, bucket), "GradientReducer.Part"));

            /// <summary>Elements of each process's part of a bucket.</summary>
            public long PartLength(int bucket) => Native.cpt_reducer_part_length(Handle, bucket);

            /// <summary>Where a parameter stands: its bucket, and its first element in all parts of the bucket laid one after the other.</summary>
            public unsafe (int Bucket, long At) Place(int parameter)
            {
                int bucket;
                var at = Native.cpt_reducer_offset(Handle, parameter, &bucket);
                return at < 0 ? throw Native.Error("GradientReducer.Place") : (bucket, at);
            }

            /// <summary>Brings every process's pieces of the parameters to all.</summary>
            public void GatherParameters()
            {
                Native.Check(Native.cpt_reducer_gather(Handle), "GradientReducer.GatherParameters");
                GC.KeepAlive(_group);
            }

            /// <summary>Forgets the summed gradients.</summary>
            public void Release() => Native.Check(Native.cpt_reducer_release(Handle), "GradientReducer.Release");

            public void Dispose()
            {
                var handle = Interlocked.Exchange(ref _handle, 0);
                GC.SuppressFinalize(this);
                if (handle != 0) Native.cpt_reducer_free(handle);
                GC.KeepAlive(_parameters);
            }

            private unsafe Piece[] ReadPieces()
            {
                var count = Native.Check(Native.cpt_reducer_pieces(Handle, null, 0), nameof(GradientReducer));
                var rows = new long[(count + 1) * 5];
                fixed (long* first = rows) Native.Check(Native.cpt_reducer_pieces(Handle, first, count), nameof(GradientReducer));
                return [.. Enumerable.Range(0, count).Select(i => new Piece((int)rows[i * 5], (int)rows[(i * 5) + 1], rows[(i * 5) + 2], rows[(i * 5) + 3], rows[(i * 5) + 4]))];
            }
        }
    }
}

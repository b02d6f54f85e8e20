namespace Cpt.Torch;

public static partial class torch
{
    public static partial class distributed
    {
        /// <summary>A collective that was begun. Its tensors are changed until it has been waited for.</summary>
        public sealed class Work : IDisposable
        {
            private readonly string _name;
            private readonly Tensor?[] _tensors;
            private nint _handle;

            internal Work(nint handle, string name, params Tensor?[] tensors) => (_handle, _name, _tensors) = (Native.Check(handle, name), name, tensors);

            ~Work() => Native.cpt_work_free(_handle);

            public bool is_completed() => _handle == 0 || Native.Check(Native.cpt_work_is_completed(_handle), _name) != 0;

            /// <summary>On a CPU: until it has ended. On a GPU: until what this thread starts there next comes after it.</summary>
            /// <exception cref="TorchException">Another process is gone, or the group's time is up.</exception>
            public void wait()
            {
                if (_handle == 0) return;
                Native.Check(Native.cpt_work_wait(_handle), _name);
                GC.KeepAlive(_tensors);
                Dispose();
            }

            public void Dispose()
            {
                var handle = Interlocked.Exchange(ref _handle, 0);
                GC.SuppressFinalize(this);
                if (handle != 0) Native.cpt_work_free(handle);
            }
        }
    }
}

using System.Text;

namespace Cpt.Torch;

public static partial class torch
{
    public static partial class distributed
    {
        /// <summary>Names and values that all processes share: one of them serves, the others connect. How they find each other.</summary>
        public sealed class TCPStore : IDisposable
        {
            private nint _handle;

            /// <param name="host_name">Where the serving process is.</param>
            /// <param name="port">Of the serving process; with 0 the server takes a free one.</param>
            /// <param name="world_size">Processes in all.</param>
            /// <param name="is_master">Whether this process serves.</param>
            /// <param name="timeout">How long to look for the server, and how long <see cref="get"/> waits.</param>
            /// <exception cref="TorchException">The port is taken, or nobody serves there within the time.</exception>
            public TCPStore(string host_name, int port, int world_size, bool is_master, TimeSpan timeout)
            {
                _handle = Native.Check(Native.cpt_store_new(host_name, port, world_size, is_master ? 1 : 0, (long)timeout.TotalMilliseconds), "TCPStore");
            }

            ~TCPStore() => Native.cpt_store_free(_handle);

            internal nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(TCPStore));

            /// <summary>Where it is served.</summary>
            public int Port => Native.cpt_store_port(Handle);

            public unsafe void set(string key, string value)
            {
                var bytes = Encoding.UTF8.GetBytes(value);
                fixed (byte* first = bytes) Native.Check(Native.cpt_store_set(Handle, key, first, bytes.Length), "TCPStore.set");
                GC.KeepAlive(this);
            }

            /// <summary>Waits until some process has set the key.</summary>
            /// <exception cref="TorchException">Nobody did within the time.</exception>
            public unsafe string get(string key)
            {
                var buffer = new byte[1024];
                while (true)
                {
                    int length;
                    fixed (byte* first = buffer) length = Native.Check(Native.cpt_store_get(Handle, key, first, buffer.Length), "TCPStore.get");
                    GC.KeepAlive(this);
                    if (length <= buffer.Length) return Encoding.UTF8.GetString(buffer, 0, length);
                    buffer = new byte[length];
                }
            }

            /// <summary>Adds to a counter that begins at 0.</summary>
            /// <returns>Its new value.</returns>
            public long add(string key, long amount)
            {
                var value = Native.cpt_store_add(Handle, key, amount);
                GC.KeepAlive(this);
                return value < 0 ? throw Native.Error("TCPStore.add") : value;
            }

            public void Dispose()
            {
                var handle = Interlocked.Exchange(ref _handle, 0);
                GC.SuppressFinalize(this);
                if (handle != 0) Native.cpt_store_free(handle);
            }
        }
    }
}

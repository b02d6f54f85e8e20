namespace Cpt.Torch;

public static partial class torch
{
    /// <summary>What PyTorch has under <c>torch.cuda</c>, for one process that uses one device.</summary>
    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        /// <summary>How many there are; 0 where libtorch was built without CUDA or the driver is missing.</summary>
        public static int device_count() => cuda_device_count();

        /// <summary>Makes a device the current one of this thread: what <c>cuda</c> without a number means.</summary>
        /// <exception cref="TorchException">There is no such device.</exception>
        public static void set_device(int index) => Native.Check(Native.cpt_device_set((int)DeviceType.CUDA, index), "cuda.set_device");

        /// <summary>Waits until the device has done all that was asked of it; kernels run long after the calls that start them have returned.</summary>
        public static void synchronize() => Native.Check(Native.cpt_device_synchronize((int)DeviceType.CUDA, -1), "cuda.synchronize");

        /// <summary>Bytes in tensors now.</summary>
        public static long memory_allocated() => Memory()[0];

        /// <summary>Bytes in tensors at most since <see cref="reset_peak_memory_stats"/>; 0 where libtorch is older than 2.9.</summary>
        public static long max_memory_allocated() => Memory()[1];

        /// <summary>Bytes taken from the device now, those kept for later included.</summary>
        public static long memory_reserved() => Memory()[2];

        public static long max_memory_reserved() => Memory()[3];

        public static void reset_peak_memory_stats() => Native.Check(Native.cpt_device_memory_reset_peak((int)DeviceType.CUDA, -1), "cuda.reset_peak_memory_stats");

        /// <summary>Gives memory that no tensor uses back to the device.</summary>
        public static void empty_cache() => Native.Check(Native.cpt_device_memory_release((int)DeviceType.CUDA), "cuda.empty_cache");

        /// <param name="index">Of the device; −1: the thread's current one.</param>
        internal static unsafe long[] Memory(int index = -1)
        {
            var bytes = new long[4];
            fixed (long* first = bytes) Native.Check(Native.cpt_device_memory((int)DeviceType.CUDA, index, first), "cuda.memory_stats");
            return bytes;
        }
    }

    /// <summary>Whether CUDA products of float32 may be rounded to TF32's 10 bits: several times as fast, and no longer what a CPU computes.</summary>
    public static void allow_tf32(bool on) => Native.Check(Native.cpt_allow_tf32(on ? 1 : 0), "allow_tf32");

    /// <summary>Operators whose sums have no fixed order on a GPU take another way, or say that they have none.</summary>
    /// <param name="on">For the whole process.</param>
    /// <param name="warn_only">An operator that has no other way warns once instead of failing.</param>
    public static void use_deterministic_algorithms(bool on, bool warn_only = false) => Native.Check(Native.cpt_deterministic(on ? 1 : 0, warn_only ? 1 : 0), "use_deterministic_algorithms");
}

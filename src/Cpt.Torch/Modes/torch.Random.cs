namespace Cpt.Torch;

/// <summary>The process-wide random stream, and threads.</summary>
public static partial class torch
{
    /// <summary>Seeds the process-wide streams of all devices.</summary>
    public static void manual_seed(ulong seed) => Native.Check(Native.cpt_manual_seed(seed), "manual_seed");

    /// <summary>Where the process-wide CPU stream stands.</summary>
    public static Tensor get_rng_state() => new(Native.Check(Native.cpt_generator_state(0), "get_rng_state"));

    /// <summary>Goes on from a saved state of the process-wide CPU stream.</summary>
    /// <exception cref="TorchException">The tensor is no such state.</exception>
    public static void set_rng_state(Tensor state)
    {
        Native.Check(Native.cpt_generator_set_state(0, state.Handle), "set_rng_state");
        GC.KeepAlive(state);
    }

    /// <summary>How many threads an operator called from this thread may use; other threads keep theirs, <see cref="TorchRuntime.DefaultThreads"/> at first.</summary>
    public static void set_num_threads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Native.Check(Native.cpt_set_num_threads(count), "set_num_threads");
    }

    public static int get_num_threads() => Native.Check(Native.cpt_get_num_threads(), "get_num_threads");

    /// <summary>A thread count for this thread alone, until it is disposed: rollouts that run on several threads want 1 in each.</summary>
    public static ThreadCount thread_count(int count) => new(count);

    /// <summary>How many CUDA devices there are; 0 where libtorch was built without them.</summary>
    public static int cuda_device_count() => Native.Check(Native.cpt_device_count((int)DeviceType.CUDA), "cuda_device_count");

    public static bool cuda_is_available() => cuda_device_count() > 0;
}

/// <summary>This thread's own number of operator threads; restored at the end.</summary>
public sealed class ThreadCount : IDisposable
{
    private readonly int _before;
    private bool _ended;

    internal ThreadCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _before = Native.Check(Native.cpt_set_num_threads(count), "thread_count");
    }

    public void Dispose()
    {
        if (!_ended) Native.Check(Native.cpt_set_num_threads(_before), "thread_count");
        _ended = true;
    }
}

namespace Cpt.Torch;

/// <summary>Modes of the calling thread; each lasts until what the function returns is disposed.</summary>
public static partial class torch
{
    /// <summary>Opens a lifetime: what this thread makes from now on is freed when the scope is disposed.</summary>
    public static DisposeScope NewDisposeScope() => new();

    /// <summary>Nothing is recorded for gradients.</summary>
    public static GradMode no_grad() => new(on: false);

    /// <summary>Gradients are recorded, also inside <see cref="no_grad"/>.</summary>
    public static GradMode enable_grad() => new(on: true);

    public static bool is_grad_enabled() => Native.cpt_grad_mode(-1) != 0;

    /// <summary>Like <see cref="no_grad"/>, and cheaper: tensors made in it can never take part in autograd.</summary>
    public static InferenceMode inference_mode() => new();

    /// <summary>Products run in a lower precision (bfloat16), reductions and losses in float32.</summary>
    /// <remarks>On CPUs it pays with libtorch 2 and newer; Debian's 1.13 computes the same and takes longer.</remarks>
    public static Autocast autocast(DeviceType device = DeviceType.CPU, ScalarType dtype = ScalarType.BFloat16, bool enabled = true) => new(device, dtype, enabled);
}

/// <summary>Whether gradients are recorded on this thread; restored at the end.</summary>
public sealed class GradMode : IDisposable
{
    private readonly int _before;
    private bool _ended;

    internal GradMode(bool on) => _before = Native.cpt_grad_mode(on ? 1 : 0);

    public void Dispose()
    {
        if (!_ended) _ = Native.cpt_grad_mode(_before);
        _ended = true;
    }
}

/// <summary>libtorch's inference mode on this thread.</summary>
public sealed class InferenceMode : IDisposable
{
    private nint _guard = Native.Check(Native.cpt_inference_enter(), "inference_mode");

    internal InferenceMode()
    {
    }

    public void Dispose()
    {
        if (_guard != 0) Native.cpt_inference_exit(_guard);
        _guard = 0;
    }
}

/// <summary>Mixed precision on this thread; restored at the end.</summary>
public sealed class Autocast : IDisposable
{
    private readonly int _device;
    private readonly int _before;
    private readonly int _typeBefore;
    private bool _ended;

    internal Autocast(DeviceType device, ScalarType dtype, bool enabled)
    {
        _device = (int)device;
        _typeBefore = Native.Check(Native.cpt_autocast_dtype(_device), "autocast");
        _before = Native.Check(Native.cpt_autocast(_device, enabled ? 1 : 0, (int)dtype), "autocast");
    }

    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        Native.Check(Native.cpt_autocast(_device, _before, _typeBefore), "autocast");
        // The cache holds converted weights; it must not outlive the step, in which they change.
        Native.cpt_autocast_clear_cache();
    }
}

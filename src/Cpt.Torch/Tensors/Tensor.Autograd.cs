namespace Cpt.Torch;

/// <summary>Gradients.</summary>
public sealed partial class Tensor
{
    /// <summary>Whether operations on it are recorded for <see cref="backward"/>.</summary>
    public bool requires_grad
    {
        get => RequiresGrad(-1);
        set => RequiresGrad(value ? 1 : 0);
    }

    public Tensor requires_grad_(bool on = true)
    {
        requires_grad = on;
        return this;
    }

    /// <summary>Whether it was made by the user, not by a recorded operation.</summary>
    public bool is_leaf
    {
        get
        {
            var answer = Native.Check(Native.cpt_is_leaf(Handle), "is_leaf") != 0;
            GC.KeepAlive(this);
            return answer;
        }
    }

    /// <summary>The gradient of a leaf, or null before the first <see cref="backward"/>. Each reading gives a new object for the same memory.</summary>
    public unsafe Tensor? grad
    {
        get
        {
            nint gradient;
            Native.Check(Native.cpt_grad(Handle, &gradient), "grad");
            GC.KeepAlive(this);
            return gradient == 0 ? null : new Tensor(gradient);
        }

        set
        {
            Native.Check(Native.cpt_set_grad(Handle, value?.Handle ?? 0), "grad");
            GC.KeepAlive(this);
            GC.KeepAlive(value);
        }
    }

    /// <summary>Adds d(this)/d(leaf) to the gradient of every leaf it was computed from.</summary>
    /// <param name="gradient">What to begin with; may be left out where this has one element.</param>
    /// <param name="retain_graph">Keeps what was recorded for another pass.</param>
    /// <exception cref="TorchException">Nothing was recorded, or what was recorded has been changed in place since.</exception>
    public void backward(Tensor? gradient = null, bool retain_graph = false)
    {
        if (Native.cpt_backward(Handle, gradient?.Handle ?? 0, retain_graph ? 1 : 0) < 0)
        {
            torch.checkpoint.Rethrow();
            throw Native.Error("backward");
        }

        GC.KeepAlive(this);
        GC.KeepAlive(gradient);
    }

    private bool RequiresGrad(int on)
    {
        var answer = Native.Check(Native.cpt_requires_grad(Handle, on), "requires_grad") != 0;
        GC.KeepAlive(this);
        return answer;
    }
}

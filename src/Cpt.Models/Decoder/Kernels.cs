using Cpt.Torch;

namespace Cpt.Models;

/// <summary>The decoder's elementwise pieces: Cpt.Torch's fused operator where the tensor is one it can take, else single steps.</summary>
internal static class Kernels
{
    /// <summary>x / √(mean(x²) + eps) · weight over the last dimension, computed in float32.</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps)
    {
        var wide = x.to(ScalarType.Float32);
        var scaled = wide * ((wide * wide).mean(-1, keepdim: true) + eps).rsqrt();
        return scaled.to(x.dtype) * weight;
    }

    /// <summary>silu(gate) · up, of [n, 2F] with gate first → [n, F].</summary>
    public static Tensor SwiGlu(Tensor gateUp)
    {
        var width = gateUp.size(-1) / 2;
        return gateUp.narrow(-1, 0, width).silu() * gateUp.narrow(-1, width, width);
    }

    /// <summary>x [B, T, heads, headDim] turned by position: x · cos + rotate_half(x) · sin.</summary>
    /// <param name="x">Queries and keys.</param>
    /// <param name="cos">[T, headDim] or [B, T, headDim].</param>
    /// <param name="sin">As <paramref name="cos"/>.</param>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        var half = x.size(-1) / 2;
        var turned = torch.cat([-x.narrow(-1, half, half), x.narrow(-1, 0, half)], -1);
        return (x * cos.unsqueeze(-2).to(x.dtype)) + (turned * sin.unsqueeze(-2).to(x.dtype));
    }
}

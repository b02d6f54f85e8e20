using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>One block of the image tower: x + proj(attention(norm1(x))), then x + down(silu(gate(y)) · up(y)) of y = norm2(x); all with biases.</summary>
internal sealed class VisionBlock
{
    private readonly VisionConfig _config;
    private readonly bool _whole;
    private readonly Tensor _norm1, _qkv, _qkvBias, _proj, _projBias, _norm2, _gateUp, _gateUpBias, _down, _downBias;

    public VisionBlock(VisionConfig config, int index, IReadOnlyDictionary<string, Tensor> weights)
    {
        _config = config;
        _whole = config.FullAttentionBlocks.Contains(index);
        Tensor Find(string name) => weights[$"visual.blocks.{index}.{name}"];
        (_norm1, _norm2) = (Find("norm1.weight"), Find("norm2.weight"));
        (_qkv, _qkvBias) = (Find("attn.qkv.weight"), Find("attn.qkv.bias"));
        (_proj, _projBias) = (Find("attn.proj.weight"), Find("attn.proj.bias"));
        (_gateUp, _gateUpBias) = (Find("mlp.gate_up_proj.weight"), Find("mlp.gate_up_proj.bias"));
        (_down, _downBias) = (Find("mlp.down_proj.weight"), Find("mlp.down_proj.bias"));
    }

    public IEnumerable<Tensor> Matrices => [_qkv, _proj, _gateUp, _down];

    /// <param name="x">[patches, hidden].</param>
    /// <param name="batch">Images and windows.</param>
    /// <param name="packed">The matrices laid out for generation; null: as they are.</param>
    /// <returns>[patches, hidden].</returns>
    public Tensor Forward(Tensor x, VisionBatch batch, PackedWeights? packed)
    {
        using var scope = torch.NewDisposeScope();
        var qkv = PackedWeights.Product(packed, rms_norm(x, _norm1, VisionConfig.NormEps), _qkv, _qkvBias);
        x = x + PackedWeights.Product(packed, VisionAttention.Forward(qkv, _config, batch, _whole), _proj, _projBias);
        var gateUp = PackedWeights.Product(packed, rms_norm(x, _norm2, VisionConfig.NormEps), _gateUp, _gateUpBias);
        return (x + PackedWeights.Product(packed, swiglu(gateUp), _down, _downBias)).MoveToOuterDisposeScope();
    }
}

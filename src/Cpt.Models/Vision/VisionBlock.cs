using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>One block of the image tower: x + proj(attention(norm1(x))), then x + down(silu(gate(y)) · up(y)) of y = norm2(x); all with biases.</summary>
internal sealed class VisionBlock
{
    private readonly VisionConfig _config;
    private readonly bool _whole;
    private readonly Tensor _norm1, _norm2;
    private readonly Projection _qkv, _proj, _gateUp, _down;

    public VisionBlock(VisionConfig config, int index, IReadOnlyDictionary<string, Tensor> weights)
    {
        _config = config;
        _whole = config.FullAttentionBlocks.Contains(index);
        Tensor Find(string name) => weights[$"visual.blocks.{index}.{name}"];
        Projection Matrix(string name) => new($"visual.blocks.{index}.{name}.weight", Find(name + ".weight"), Find(name + ".bias"));
        (_norm1, _norm2) = (Find("norm1.weight"), Find("norm2.weight"));
        (_qkv, _proj, _gateUp, _down) = (Matrix("attn.qkv"), Matrix("attn.proj"), Matrix("mlp.gate_up_proj"), Matrix("mlp.down_proj"));
    }

    public IEnumerable<Projection> Projections => [_qkv, _proj, _gateUp, _down];

    /// <param name="x">[patches, hidden].</param>
    /// <param name="batch">Images and windows.</param>
    /// <param name="packed">The matrices laid out for generation; null: as they are.</param>
    /// <returns>[patches, hidden].</returns>
    public Tensor Forward(Tensor x, VisionBatch batch, PackedWeights? packed)
    {
        using var scope = torch.NewDisposeScope();
        var qkv = _qkv.Forward(rms_norm(x, _norm1, VisionConfig.NormEps), packed, batch.Dropout);
        x = x + _proj.Forward(VisionAttention.Forward(qkv, _config, batch, _whole), packed, batch.Dropout);
        var gateUp = _gateUp.Forward(rms_norm(x, _norm2, VisionConfig.NormEps), packed, batch.Dropout);
        return (x + _down.Forward(swiglu(gateUp), packed, batch.Dropout)).MoveToOuterDisposeScope();
    }
}

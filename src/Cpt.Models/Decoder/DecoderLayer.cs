using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>One block: x + attention(norm(x)), then x + swiglu(norm(x)).</summary>
internal sealed class DecoderLayer
{
    private readonly ModelConfig _config;
    private readonly Tensor _inputNorm, _qkv, _output, _postNorm, _gateUp, _down;
    private readonly Tensor? _qkvBias;

    public DecoderLayer(ModelConfig config, int index, IReadOnlyDictionary<string, Tensor> weights)
    {
        _config = config;
        Index = index;
        Tensor? Find(string name) => weights.GetValueOrDefault($"model.layers.{index}.{name}");
        _inputNorm = Find("input_layernorm.weight")!;
        _qkv = Find("self_attn.qkv_proj.weight")!;
        _qkvBias = Find("self_attn.qkv_proj.bias");
        QueryNorm = Find("self_attn.q_norm.weight");
        KeyNorm = Find("self_attn.k_norm.weight");
        _output = Find("self_attn.o_proj.weight")!;
        _postNorm = Find("post_attention_layernorm.weight")!;
        _gateUp = Find("mlp.gate_up_proj.weight")!;
        _down = Find("mlp.down_proj.weight")!;
    }

    public int Index { get; }

    public Tensor? QueryNorm { get; }

    public Tensor? KeyNorm { get; }

    public IEnumerable<Tensor> Matrices => [_qkv, _output, _gateUp, _down];

    /// <param name="x">[B·T, hidden].</param>
    /// <param name="batch">Positions, mask and cache.</param>
    /// <returns>[B·T, hidden].</returns>
    public Tensor Forward(Tensor x, SequenceBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        var qkv = PackedWeights.Product(batch.Packed, rms_norm(x, _inputNorm, _config.RmsNormEps), _qkv, _qkvBias);
        var between = Add(x, Attention.Forward(qkv, _config, this, batch), _output, batch);
        var gateUp = PackedWeights.Product(batch.Packed, rms_norm(between, _postNorm, _config.RmsNormEps), _gateUp);
        var result = Add(between, swiglu(gateUp), _down, batch);
        return ReferenceEquals(result, x) ? x : result.MoveToOuterDisposeScope();
    }

    /// <summary>x + input · weightᵀ in one product; in x itself where libtorch would copy x first and nobody else reads it.</summary>
    private static Tensor Add(Tensor x, Tensor input, Tensor weight, SequenceBatch batch) => batch switch
    {
        { Packed: { } packed } => packed.Linear(input, weight, add: x),
        { ByLibrary: true, Cache: not null } => x.addmm_(input, weight.t()),
        _ => torch.addmm(x, input, weight.t()),
    };
}

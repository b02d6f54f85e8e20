using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>One block: x + attention(norm(x)), then x + swiglu(norm(x)).</summary>
internal sealed class DecoderLayer
{
    private readonly ModelConfig _config;
    private readonly Tensor _inputNorm, _postNorm;
    private readonly Projection _qkv, _output, _gateUp, _down;

    public DecoderLayer(ModelConfig config, int index, IReadOnlyDictionary<string, Tensor> weights)
    {
        _config = config;
        Index = index;
        Tensor? Find(string name) => weights.GetValueOrDefault($"model.layers.{index}.{name}");
        Projection Matrix(string name, Tensor? bias = null) => new($"model.layers.{index}.{name}", Find(name)!, bias);
        _inputNorm = Find("input_layernorm.weight")!;
        _qkv = Matrix("self_attn.qkv_proj.weight", Find("self_attn.qkv_proj.bias"));
        QueryNorm = Find("self_attn.q_norm.weight");
        KeyNorm = Find("self_attn.k_norm.weight");
        _output = Matrix("self_attn.o_proj.weight");
        _postNorm = Find("post_attention_layernorm.weight")!;
        _gateUp = Matrix("mlp.gate_up_proj.weight");
        _down = Matrix("mlp.down_proj.weight");
    }

    public int Index { get; }

    public Tensor? QueryNorm { get; }

    public Tensor? KeyNorm { get; }

    /// <summary>Whether a backward pass has something to do here.</summary>
    public bool IsTrained => _inputNorm.requires_grad || _postNorm.requires_grad || QueryNorm is { requires_grad: true } || Projections.Any(projection => projection.IsTrained);

    public IEnumerable<Projection> Projections => [_qkv, _output, _gateUp, _down];

    /// <param name="x">[B·T, hidden].</param>
    /// <param name="batch">Positions, mask and cache.</param>
    /// <returns>[B·T, hidden].</returns>
    public Tensor Forward(Tensor x, SequenceBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        var qkv = _qkv.Forward(rms_norm(x, _inputNorm, _config.RmsNormEps), batch.Packed, batch.Dropout);
        var between = _output.AddedTo(x, Attention.Forward(qkv, _config, this, batch), batch);
        var gateUp = _gateUp.Forward(rms_norm(between, _postNorm, _config.RmsNormEps), batch.Packed, batch.Dropout);
        var result = _down.AddedTo(between, swiglu(gateUp), batch);
        return ReferenceEquals(result, x) ? x : result.MoveToOuterDisposeScope();
    }
}

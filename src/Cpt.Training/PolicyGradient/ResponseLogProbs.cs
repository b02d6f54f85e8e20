using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Log-probabilities of response tokens under a model: the one forward pass that SFT, policy and reference share.</summary>
/// <param name="model">Policy or reference.</param>
/// <param name="bfloat16">Compute in bfloat16 where autocast allows; the log-probabilities are float32 either way.</param>
/// <param name="temperature">The tokens were sampled from softmax(logits / temperature); 1 for teaching.</param>
internal sealed class ResponseLogProbs(CausalLM model, bool bfloat16, double temperature = 1)
{
    /// <summary>The model is the policy, and its weights without their adapter are meant.</summary>
    public bool WithoutAdapter { get; init; }

    /// <returns>[N] float32, with a gradient unless grad mode is off.</returns>
    public Tensor Of(TokenBatch batch) => OfLogits(Logits(batch), batch);

    /// <returns>[N] float32: of <see cref="Logits"/> of the same batch.</returns>
    public static Tensor OfLogits(Tensor logits, TokenBatch batch) => torch.nn.functional.token_log_probs(logits, batch.Targets);

    /// <returns>[N, V] float32, divided by the temperature.</returns>
    public Tensor Logits(TokenBatch batch)
    {
        using var without = WithoutAdapter ? model.WithoutAdapter() : null;
        using var autocast = bfloat16 ? torch.autocast(batch.InputIds.device.type, ScalarType.BFloat16) : null;
        var images = ImageInput.Of(batch.Images, null, model.Config, batch.InputIds.device);
        var hidden = batch.Lengths is { } lengths ? model.hidden_packed(batch.InputIds, lengths, images) // [tokens, D]
            : model.hidden(batch.InputIds, null, images);                                   // [rows, width, D]
        var predicting = hidden.view(-1, hidden.size(-1)).index_select(0, batch.Positions); // [N, D]
        var logits = model.lm_head(predicting).to(ScalarType.Float32);                      // [N, V]
        return temperature != 1 ? logits / temperature : logits;
    }
}

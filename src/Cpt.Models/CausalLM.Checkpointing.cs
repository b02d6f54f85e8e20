using Cpt.Torch;

namespace Cpt.Models;

public sealed partial class CausalLM
{
    /// <summary>
    /// Keeps of every decoder layer and image block only its input for the backward pass, which computes the rest again: activations of one layer at a time instead of all,
    /// for about a third more time. The gradients have the same bits.
    /// </summary>
    public bool GradientCheckpointing { get; set; }

    private Tensor Again(DecoderLayer layer, Tensor x, SequenceBatch batch)
    {
        var (kept, tensors) = batch.Kept();
        return torch.checkpoint.run(x, Anchor(), input => layer.Forward(input, kept), tensors);
    }

    private Tensor Anchor() => (Adapter?.Parameters ?? Parameters).First(parameter => parameter.Value.requires_grad).Value;

    /// <summary>A tower that is frozen records nothing, so there is nothing to save.</summary>
    private Tensor? TowerAnchor() =>
        GradientCheckpointing && torch.is_grad_enabled() && (Adapter?.Parameters ?? Parameters).Any(parameter => LoraTargets.IsVision(parameter.Name) && parameter.Value.requires_grad) ? Anchor() : null;
}

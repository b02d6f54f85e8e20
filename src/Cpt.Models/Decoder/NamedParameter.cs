using Cpt.Torch;

namespace Cpt.Models;

/// <param name="Name">For example <c>model.layers.0.self_attn.qkv_proj.weight</c>.</param>
/// <param name="Value">A leaf that gradients are gathered in; owned by its model.</param>
public sealed record NamedParameter(string Name, Tensor Value);

using Initial = Cpt.Models.WeightLayout.Initial;

namespace Cpt.Models;

/// <summary>How the image tower's weights lie in memory, in the order of the forward pass.</summary>
internal static class VisionWeights
{
    public const string PatchEmbedding = "visual.patch_embed.proj.weight";

    public static IEnumerable<WeightLayout> Of(VisionConfig config)
    {
        long d = config.HiddenSize, f = config.IntermediateSize, merged = d * config.MergeUnit;
        yield return WeightLayout.Single(PatchEmbedding, [d, config.InChannels, config.TemporalPatchSize, config.PatchSize, config.PatchSize], Initial.Normal);
        for (var block = 0; block < config.Depth; block++)
        {
            var prefix = $"visual.blocks.{block}.";
            yield return WeightLayout.Single(prefix + "norm1.weight", [d], Initial.Ones);
            yield return WeightLayout.Single(prefix + "attn.qkv.weight", [3 * d, d], Initial.Normal);
            yield return WeightLayout.Single(prefix + "attn.qkv.bias", [3 * d], Initial.Zeros);
            yield return WeightLayout.Single(prefix + "attn.proj.weight", [d, d], Initial.Normal);
            yield return WeightLayout.Single(prefix + "attn.proj.bias", [d], Initial.Zeros);
            yield return WeightLayout.Single(prefix + "norm2.weight", [d], Initial.Ones);
            yield return WeightLayout.Merged(prefix + "mlp.gate_up_proj.weight", [f + f, d], Initial.Normal, (prefix + "mlp.gate_proj.weight", f), (prefix + "mlp.up_proj.weight", f));
            yield return WeightLayout.Merged(prefix + "mlp.gate_up_proj.bias", [f + f], Initial.Zeros, (prefix + "mlp.gate_proj.bias", f), (prefix + "mlp.up_proj.bias", f));
            yield return WeightLayout.Single(prefix + "mlp.down_proj.weight", [d, f], Initial.Normal);
            yield return WeightLayout.Single(prefix + "mlp.down_proj.bias", [d], Initial.Zeros);
        }

        yield return WeightLayout.Single("visual.merger.ln_q.weight", [d], Initial.Ones);
        yield return WeightLayout.Single("visual.merger.mlp.0.weight", [merged, merged], Initial.Normal);
        yield return WeightLayout.Single("visual.merger.mlp.0.bias", [merged], Initial.Zeros);
        yield return WeightLayout.Single("visual.merger.mlp.2.weight", [config.OutHiddenSize, merged], Initial.Normal);
        yield return WeightLayout.Single("visual.merger.mlp.2.bias", [config.OutHiddenSize], Initial.Zeros);
    }
}

namespace Cpt.Models;

/// <summary>Reads and checks <c>vision_config</c>; defaults are those of transformers.</summary>
internal static class VisionConfigReader
{
    /// <param name="fields">The object.</param>
    /// <param name="hiddenSize">Width of the decoder, which image tokens must have.</param>
    public static VisionConfig Read(ModelConfigFields fields, int hiddenSize)
    {
        if (fields.Text("hidden_act") is { } activation && activation is not ("silu" or "swish"))
        {
            throw fields.Wrong("hidden_act", $"'{activation}' is not supported", "silu");
        }

        var depth = fields.Size("depth", 32);
        var config = new VisionConfig
        {
            Depth = depth,
            HiddenSize = fields.Size("hidden_size", 1280),
            IntermediateSize = fields.Size("intermediate_size", 3420),
            NumHeads = fields.Size("num_heads", 16),
            OutHiddenSize = fields.Size("out_hidden_size", 3584),
            InChannels = fields.Size(fields.Present("in_channels", out _) ? "in_channels" : "in_chans", 3),
            PatchSize = fields.Size("patch_size", 14),
            TemporalPatchSize = fields.Size("temporal_patch_size", 2),
            SpatialMergeSize = fields.Size("spatial_merge_size", 2),
            WindowSize = fields.Size("window_size", 112),
            FullAttentionBlocks = fields.Numbers("fullatt_block_indexes", "a list of block numbers") ?? [7, 15, 23, 31],
        };
        if (config.HiddenSize % config.NumHeads != 0)
        {
            throw fields.Wrong("num_heads", $"{config.NumHeads} does not divide hidden_size {config.HiddenSize}", "a divisor");
        }

        // Half of a head turns by the patch's row and half by its column, in pairs each.
        if (config.HeadDim % 4 != 0)
        {
            throw fields.Wrong("num_heads", $"{config.NumHeads} of hidden_size {config.HiddenSize} makes heads of {config.HeadDim}", "heads of a multiple of 4, for rotary positions in two dimensions");
        }

        if (config.OutHiddenSize != hiddenSize)
        {
            throw fields.Wrong("out_hidden_size", $"{config.OutHiddenSize} is not the decoder's hidden_size {hiddenSize}", "the same, since image tokens take the places of text tokens");
        }

        if (config.InChannels != 3)
        {
            throw fields.Wrong("in_channels", $"{config.InChannels} is not supported", "3 (red, green, blue)");
        }

        if (config.WindowUnits < 1)
        {
            throw fields.Wrong("window_size", $"{config.WindowSize} holds no image token of {config.PatchSize * config.SpatialMergeSize} pixels", "at least as many pixels as one has");
        }

        return config.FullAttentionBlocks.FirstOrDefault(block => block < 0 || block >= depth, -1) is var stranger and not -1
            ? throw fields.Wrong("fullatt_block_indexes", $"{stranger} is no block", $"numbers from 0 to {depth - 1}")
            : config;
    }
}

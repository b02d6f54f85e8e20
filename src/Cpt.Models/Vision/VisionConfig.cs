namespace Cpt.Models;

/// <summary>What <c>vision_config</c> says about the image tower of Qwen2.5-VL, in Hugging Face's words.</summary>
public sealed record VisionConfig
{
    /// <summary>Blocks.</summary>
    public required int Depth { get; init; }

    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated MLP.</summary>
    public required int IntermediateSize { get; init; }

    public required int NumHeads { get; init; }

    /// <summary>Width of an image token: that of the decoder.</summary>
    public required int OutHiddenSize { get; init; }

    /// <summary>Colours.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Pixels on a side of a patch.</summary>
    public int PatchSize { get; init; } = 14;

    /// <summary>Frames in a patch; a picture is repeated to fill them.</summary>
    public int TemporalPatchSize { get; init; } = 2;

    /// <summary>Patches on a side of an image token.</summary>
    public int SpatialMergeSize { get; init; } = 2;

    /// <summary>Pixels on a side of a window.</summary>
    public int WindowSize { get; init; } = 112;

    /// <summary>Blocks whose patches see the whole image; those of the others see their window.</summary>
    public IReadOnlyList<int> FullAttentionBlocks { get; init; } = [7, 15, 23, 31];

    public int HeadDim => HiddenSize / NumHeads;

    /// <summary>Numbers of one patch: colours × frames × rows × columns.</summary>
    public int PatchElements => InChannels * TemporalPatchSize * PatchSize * PatchSize;

    /// <summary>Patches of one image token.</summary>
    public int MergeUnit => SpatialMergeSize * SpatialMergeSize;

    /// <summary>Image tokens on a side of a window.</summary>
    public int WindowUnits => WindowSize / SpatialMergeSize / PatchSize;

    internal const double NormEps = 1e-6;

    internal long ParameterCount
    {
        get
        {
            long d = HiddenSize, f = IntermediateSize, m = d * MergeUnit;
            var block = (4 * d * d) + (4 * d) + (3 * d * f) + (2 * f) + d + (2 * d);
            return (PatchElements * d) + (Depth * block) + d + (m * m) + m + (m * OutHiddenSize) + OutHiddenSize;
        }
    }
}

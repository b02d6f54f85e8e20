using System.Globalization;
using Cpt.Contract;

namespace Cpt.Training;

/// <summary>What an RFT spec must hold for its formulas to mean anything; the manifest's validation says most of it earlier and kinder.</summary>
internal static class RftRules
{
    /// <exception cref="StageFailureException"><c>InvalidParameter</c>, naming field, value and what would be right.</exception>
    public static RftSpec Check(RftSpec rft, OptimizationSpec optimization)
    {
        Require(rft.GroupSize >= 2, "rft.groupSize", rft.GroupSize, "a group needs at least 2 rollouts");
        Require(rft.Temperature > 0, "rft.temperature", rft.Temperature, "rollouts of a group must differ, so it must be above 0");
        Require(rft.TopP is > 0 and <= 1, "rft.topP", rft.TopP, "use more than 0 and at most 1");
        Require(rft.TopK >= 0, "rft.topK", rft.TopK, "use 0 (off) or more");
        Require(rft.MaxResponseTokens >= 1, "rft.maxResponseTokens", rft.MaxResponseTokens, "a response needs at least 1 token");
        Require(rft.ClipLow is >= 0 and < 1, "rft.clipLow", rft.ClipLow, "use 0 or more and less than 1");
        Require(rft.ClipHigh >= 0, "rft.clipHigh", rft.ClipHigh, "use 0 or more");
        Require(rft.DualClip is 0 or > 1, "rft.dualClip", rft.DualClip, "use 0 (off) or more than 1");
        Require(rft.KlCoefficient >= 0, "rft.klCoefficient", rft.KlCoefficient, "use 0 or more");
        Require(rft.KlCoefficient == 0 || rft.KlReference != KlReference.None, "rft.klCoefficient", rft.KlCoefficient, "it needs kl.reference Base or PreviousStage");
        Require(
            rft.Algorithm != RftAlgorithm.REINFORCEPlusPlus || rft.DynamicSamplingBatches == 0,
            "rft.dynamicSampling", rft.DynamicSamplingBatches, "under REINFORCEPlusPlus groups of equal rewards teach too; use 0");
        Require(
            rft.MiniBatches >= 1 && rft.MiniBatches <= optimization.BatchSize,
            "rft.miniBatches", rft.MiniBatches, $"use 1 to batchSize ({optimization.BatchSize})");
        return rft;
    }

    private static void Require(bool holds, string field, IFormattable value, string right)
    {
        if (!holds)
            throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", string.Create(CultureInfo.InvariantCulture, $"{field}: {value} is not possible; {right}"));
    }
}

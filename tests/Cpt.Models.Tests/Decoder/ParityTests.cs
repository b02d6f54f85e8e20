namespace Cpt.Models.Tests;

/// <summary>Against transformers: the tolerances are those that float32 reaches.</summary>
public sealed class ParityTests
{
    private const double Logits = 2e-5, Gradients = 1e-4, Finals = 1e-5;

    [Fact]
    public void Qwen2GivesTheReferenceLogitsLossGradientsGreedyTokensAndTrainedWeights()
    {
        var report = ModelVerifier.Verify(Golden.Path("qwen2"), Golden.Path("qwen2", "cases.safetensors"));
        Assert.Empty(report.NotComputable);
        Check(report);
        Assert.Equal(39, report.Compared.Count(entry => entry.Name.StartsWith("grad.", StringComparison.Ordinal)));
        Assert.Contains(report.Compared, entry => entry.Name == "greedy");
        Assert.Contains(report.Compared, entry => entry.Name == "adamw.grad_norms");
        Assert.True(report.Compared.Count(entry => entry.Name.StartsWith("adamw.final.", StringComparison.Ordinal)) > 10);
        Assert.InRange(report.Compared.Where(entry => entry.Name.StartsWith("adamw.", StringComparison.Ordinal)).Sum(entry => entry.LeftOut), 0, 20);
    }

    [Fact]
    public void Qwen3WithNormedHeadsAndTiedEmbeddingsDoesToo()
    {
        var report = ModelVerifier.Verify(Golden.Path("qwen3"), Golden.Path("qwen3", "cases.safetensors"));
        Assert.Empty(report.NotComputable);
        Check(report);
    }

    [Fact]
    public void ShardsOfBFloat16ComputedInFloat32GiveTheReferenceLogits()
    {
        var report = ModelVerifier.Verify(Golden.Path("qwen2_bf16_shards"), Golden.Path("qwen2_bf16_shards", "cases.safetensors"));
        Assert.Equal("logits", Assert.Single(report.Compared).Name);
        Assert.Contains("rounded to the checkpoint's type", Assert.Single(report.Notes), StringComparison.Ordinal);
        Check(report);
    }

    [Fact]
    public void Qwen2VlGivesLogitsLossGradientsPositionsImageFeaturesPixelsAndGreedyTokens()
    {
        var report = ModelVerifier.Verify(Golden.Path("qwen2_5_vl"), Golden.Path("qwen2_5_vl", "cases.safetensors"));
        Assert.Empty(report.NotComputable);
        Check(report);
        foreach (var name in (string[])["text", "one_image", "two_images", "batch"])
        {
            Assert.All((string[])["logits", "loss", "greedy", "position_ids", "rope_deltas"], quantity => Assert.Contains(report.Compared, entry => entry.Name == $"{name}.{quantity}"));
        }

        Assert.Equal(3, report.Compared.Count(entry => entry.Name.EndsWith(".image_features", StringComparison.Ordinal)));
        Assert.Equal(3, report.Compared.Where(entry => entry.Name.StartsWith("one_image.gradnorm.model.language_model.layers.", StringComparison.Ordinal)).Select(entry => entry.Name.Split('.')[5]).Distinct().Count());
        Assert.Contains(report.Compared, entry => entry.Name == "two_images.gradnorm.model.visual.patch_embed.proj.weight");
        Assert.Equal(7, report.Compared.Count(entry => entry.Name.StartsWith("pixel_values.", StringComparison.Ordinal) && !entry.Name.EndsWith(" (mean)", StringComparison.Ordinal)));
    }

    [Fact]
    public void TheFlatConfigOfPublishedCheckpointsGivesTheSame()
    {
        using var directory = ScratchDirectory.CopyOf(Golden.Path("qwen2_5_vl"));
        File.Move(directory["config.flat.json"], directory["config.json"], overwrite: true);
        var report = ModelVerifier.Verify(directory.Root, directory["cases.safetensors"]);
        Assert.Empty(report.NotComputable);
        Check(report);
    }

    private static void Check(VerificationReport report)
    {
        Assert.True(report.Passes());
        var wrong = report.Compared.Where(entry => !entry.Within(entry.Name switch
        {
            "logits" or "loss" => Logits,
            _ when entry.Name.StartsWith("adamw.final.", StringComparison.Ordinal) => Finals,
            _ => Gradients,
        }));
        Assert.Empty(wrong);
    }
}

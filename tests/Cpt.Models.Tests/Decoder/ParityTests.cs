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

    private static void Check(VerificationReport report)
    {
        var wrong = report.Compared.Where(entry => !entry.Within(entry.Name switch
        {
            "logits" or "loss" => Logits,
            _ when entry.Name.StartsWith("adamw.final.", StringComparison.Ordinal) => Finals,
            _ => Gradients,
        }));
        Assert.Empty(wrong);
    }
}

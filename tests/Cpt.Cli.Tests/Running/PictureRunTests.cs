using System.Diagnostics;
using System.Text.Json;
using Cpt.Cli.Tests.Support;

namespace Cpt.Cli.Tests.Running;

/// <summary>Whole runs of the small model with images.</summary>
[Trait("Category", "EndToEnd")]
public sealed class PictureRunTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cpt-pictures-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task TheExampleInShortTeachesSumsAndRewardsCounting()
    {
        var manifest = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "examples", "vl-quickstart.yaml"));
        manifest = Changed(manifest, "steps: \"300\"", "steps: \"150\"");
        manifest = Changed(manifest, "steps: \"100\"", "steps: \"12\"");
        var matrix = await MatrixAsync(manifest);

        // The base has never seen a sum; half of the steps teach most of them.
        Assert.InRange(matrix[0][0], 0, 5);
        Assert.True(matrix[1][0] > 40, $"sums after SFT: {matrix[1][0]} %");
        // SFT made it forget how to count, and a dozen steps of GRPO bring back more than they find.
        Assert.True(matrix[2][1] > matrix[1][1] + 10, $"counts before and after GRPO: {matrix[1][1]} %, {matrix[2][1]} %");
    }

    [Fact]
    public async Task HandwrittenDigitsAreReadOnWritingsThatWereNotShown()
    {
        using (var fetch = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "eng", "fetch-mnist.sh")) { RedirectStandardError = true, UseShellExecute = false })!)
        {
            var errors = await fetch.StandardError.ReadToEndAsync();
            await fetch.WaitForExitAsync();
            Assert.True(fetch.ExitCode == 0, $"eng/fetch-mnist.sh failed: {errors}");
        }

        var import = await CptProcess.RunAsync(
            _root, "task", "import", "mnist", "--from", Path.Combine(Repository.Root, "artifacts", "data", "mnist"), "--output", "handwriting", "--train", "3200", "--eval", "128");
        Assert.True(import.ExitCode == 0, import.ToString());
        var matrix = await MatrixAsync("""
            apiVersion: cpt.dev/v1alpha1
            kind: ContinualRun
            metadata: {name: handwriting}
            spec:
              seed: 1
              baseModel: {uri: bundled://models/vision-base}
              storage: {uri: pvc://checkpoints/handwriting}
              evaluation: {maxResponseTokens: 3}
              stages:
              - name: number
                method: SFT
                task: {uri: "file://./handwriting/number"}
                parameters: {learningRate: "1e-3", steps: "100", batchSize: "32", schedule: Cosine, warmupRatio: "0.05", maxSequenceTokens: "32"}
            """);
        Assert.True(matrix[1][0] > matrix[0][0] + 20 && matrix[1][0] > 30, $"numbers read before and after: {matrix[0][0]} %, {matrix[1][0]} %");
    }

    /// <summary>Rows: the base model, then after each stage; columns: the stages' tasks.</summary>
    private async Task<double[][]> MatrixAsync(string manifest)
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "run.yaml"), manifest);
        var result = await CptProcess.RunAsync(_root, "run", "-f", "run.yaml", "-o", "json");
        Assert.True(result.ExitCode == 0, result.ToString());
        return [.. result.Json.GetProperty("matrix").EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.ValueKind == JsonValueKind.Null ? double.NaN : cell.GetDouble()).ToArray())];
    }

    private static string Changed(string text, string from, string to)
    {
        Assert.Contains(from, text, StringComparison.Ordinal);
        return text.Replace(from, to, StringComparison.Ordinal);
    }
}

using System.Text.Json;
using Cpt.Cli.Running;
using Cpt.Models;

namespace Cpt.Cli.Tests.Support;

/// <summary>A directory with a random model of a few thousand weights and a manifest of three short stages: SFT, RFT, SFT.</summary>
internal sealed class TinyRun : IDisposable
{
    private const string Bench = "generated://digits/copy?seed=1&train=16&eval=16";

    public TinyRun(int steps = 12, int interval = 4)
    {
        Steps = steps;
        Root = Directory.CreateTempSubdirectory("cpt-run-").FullName;
        using var model = CausalLM.Create(
            new ModelConfig
            {
                VocabSize = 264,
                HiddenSize = 16,
                IntermediateSize = 32,
                NumHiddenLayers = 2,
                NumAttentionHeads = 2,
                NumKeyValueHeads = 1,
                HeadDim = 8,
                MaxPositionEmbeddings = 48,
                TieWordEmbeddings = true,
                InitializerRange = 0.2,
                EosTokenIds = [ByteTokenizer.EndOfTextId],
                PadTokenId = ByteTokenizer.EndOfTextId,
            },
            1);
        model.Companions = ByteTokenizer.Files();
        model.Save(Path.Combine(Root, "base"));
        Write("run.yaml", Manifest.Replace("intervalSteps: 4", $"intervalSteps: {interval}", StringComparison.Ordinal));
    }

    public string Root { get; }

    public string Work => Path.Combine(Root, ".cpt", "tiny");

    private int Steps { get; }

    public string Manifest => $$$"""
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualRun
        metadata: {name: tiny}
        spec:
          seed: 3
          baseModel: {uri: "file://./base"}
          storage: {uri: pvc://checkpoints/tiny}
          checkpoint: {intervalSteps: 4}
          retry: {maxRetries: 20, backoff: {initialSeconds: 0, maxSeconds: 0}}
          evaluation:
            maxResponseTokens: 4
            benchmarks: [{name: copy, uri: "{{{Bench}}}"}]
          stages:
          - name: parity
            method: SFT
            task: {uri: "generated://digits/parity?seed=1&train=64&eval=16"}
            parameters: {learningRate: "1e-3", steps: "{{{Steps}}}", batchSize: "4", maxSequenceTokens: "16"}
          - name: half
            method: RFT
            task: {uri: "generated://digits/half?seed=1&train=64&eval=16"}
            rft: {groupSize: 2, maxResponseTokens: 4, preflightRollouts: 0}
            parameters: {learningRate: "1e-4", steps: "{{{Steps}}}", batchSize: "4", maxSequenceTokens: "16"}
          - name: residue
            method: SFT
            task: {uri: "generated://digits/residue?seed=1&train=64&eval=16"}
            parameters: {learningRate: "1e-3", steps: "{{{Steps}}}", batchSize: "4", maxSequenceTokens: "16"}
        """;

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(Root, name), text);

    /// <summary>Changes the manifest in place; the text to change must be there.</summary>
    public void Edit(string from, string to)
    {
        var path = Path.Combine(Root, "run.yaml");
        var text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }

    public CptProcess Start(params string[] arguments) => CptProcess.Start(Root, null, ["run", "-f", "run.yaml", .. arguments]);

    public Task<CptResult> RunAsync(params string[] arguments) => CptProcess.RunAsync(Root, ["run", "-f", "run.yaml", .. arguments]);

    public async Task<JsonElement> StatusAsync()
    {
        var result = await CptProcess.RunAsync(Root, "status", "--workdir", Work, "-o", "json");
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Json;
    }

    /// <summary>The job records, oldest first.</summary>
    public IReadOnlyList<JsonElement> Jobs() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Work, "jobs"), "*.json")
            .Select(path => JsonDocument.Parse(File.ReadAllText(path)).RootElement)
            .OrderBy(job => job.GetProperty("startedAt").GetDateTimeOffset()),
    ];

    /// <summary>The pid of the trainer at work, or null between two.</summary>
    public int? TrainerPid() => !Directory.Exists(Path.Combine(Work, "jobs"))
        ? null
        : JobRecord.LoadAll(new WorkDirectory(Work)).LastOrDefault(job => job is { State: JobState.Running, Trainer.IsAlive: true })?.Trainer!.Pid;

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

using System.Text.Json;
using Cpt.Cli.Tests.Support;

namespace Cpt.Cli.Tests.Studies;

/// <summary>A study of two variants and two seeds on a model of a few thousand weights. The variants differ in the second stage alone.</summary>
internal sealed class TinyStudy : IDisposable
{
    private readonly TinyRun _run = new(steps: 4);

    public TinyStudy(string method = "RFT", string uri = "generated://digits/half?seed={seed}&train=64&eval=16", int steps = 6)
    {
        _run.Write("study.yaml", $$$"""
            apiVersion: cpt.dev/v1alpha1
            kind: ContinualStudy
            metadata: {name: tiny}
            spec:
              seeds: [1, 2]
              concurrency: 2
              variants:
              - name: sft
              - name: other
                description: the second stage learns in another way
                patch:
                  stages:
                  - name: half
                    method: {{{method}}}
                    task: {uri: "{{{uri}}}"}
                    {{{(method == "RFT" ? "rft: {groupSize: 2, maxResponseTokens: 4, preflightRollouts: 0}" : "parameters: {learningRate: \"5e-4\"}")}}}
              base:
                baseModel: {uri: "file://./base"}
                storage: {uri: pvc://checkpoints/tiny}
                checkpoint: {intervalSteps: 2}
                retry: {maxRetries: 20, backoff: {initialSeconds: 0, maxSeconds: 0}}
                evaluation:
                  scope: AllTasks
                  maxResponseTokens: 4
                  benchmarks: [{name: copy, uri: "generated://digits/copy?seed={seed}&train=16&eval=16"}]
                stages:
                - name: parity
                  method: SFT
                  task: {uri: "generated://digits/parity?seed={seed}&train=64&eval=16"}
                  parameters: {learningRate: "1e-3", steps: "{{{steps}}}", batchSize: "4", maxSequenceTokens: "16"}
                - name: half
                  method: SFT
                  task: {uri: "generated://digits/half?seed={seed}&train=64&eval=16"}
                  parameters: {learningRate: "1e-3", steps: "{{{steps}}}", batchSize: "4", maxSequenceTokens: "16"}
            """);
    }

    public string Root => _run.Root;

    public string Work => Path.Combine(Root, ".cpt", "tiny");

    public CptProcess Start(params string[] arguments) => CptProcess.Start(Root, null, ["study", "-f", "study.yaml", .. arguments]);

    public Task<CptResult> RunAsync(params string[] arguments) => CptProcess.RunAsync(Root, ["study", "-f", "study.yaml", .. arguments]);

    /// <summary>The records of all attempts of all runs.</summary>
    public IReadOnlyList<(string Run, JsonElement Job)> Jobs() =>
    [
        .. Directory.EnumerateDirectories(Path.Combine(Work, "runs"))
            .Where(run => Directory.Exists(Path.Combine(run, "jobs")))
            .SelectMany(run => Directory.EnumerateFiles(Path.Combine(run, "jobs"), "*.json").Select(job => (Path.GetFileName(run), JsonDocument.Parse(File.ReadAllText(job)).RootElement))),
    ];

    public void Dispose() => _run.Dispose();
}

using Cpt.Api;
using Cpt.Cli.Status;
using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Reports;

namespace Cpt.Cli.Tests.Studies;

/// <summary>A study of two variants and three seeds, of which one run failed.</summary>
internal static class StudyExample
{
    public static readonly Origin Origin = new("cpt study -f study.yaml", "Some CPU, 2 cores", 1, "cpt 0.1.0", new DateTimeOffset(2026, 1, 15, 8, 0, 0, TimeSpan.Zero));

    public const string Manifest = """
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualStudy
        metadata: {name: demo}
        spec:
          seeds: [1, 2, 3]
          variants: [{name: sft}, {name: grpo, description: rewards & <nothing> else}]
          base:
            baseModel: {uri: bundled://models/digits-base}
            storage: {uri: "pvc://checkpoints/demo"}
            stages:
            - {name: a, method: SFT, task: {uri: "generated://digits/parity?seed=1"}}
            - {name: b, method: SFT, task: {uri: "generated://digits/half?seed=1"}}
        """;

    public static StudyResults Results() => new(
        StudyDefaults.Apply(ManifestReader.ReadStudy(Manifest, "study.yaml")),
        [
            Run("sft", 1, accuracy: 80, forgetting: -10, general: 30),
            Run("grpo", 1, accuracy: 90, forgetting: -1, general: 88),
            Run("sft", 2, accuracy: 82, forgetting: -12, general: 34),
            Run("grpo", 2, accuracy: 91, forgetting: 1, general: 90),
            Run("sft", 3, accuracy: 84, forgetting: -14, general: 38),
            new StudyRunFacts { Variant = "grpo", Seed = 3, Status = Status("grpo", 3) with { State = RunState.Failed, Reason = "StageFailed", Message = "The loss is not finite." } },
        ]);

    public static StudyRunFacts Run(string variant, long seed, double accuracy, double forgetting, double general) => new()
    {
        Variant = variant,
        Seed = seed,
        Tokens = 12_000,
        Seconds = 60,
        KeptFraction = variant == "grpo" ? 0.5 : null,
        Status = Status(variant, seed) with
        {
            State = RunState.Succeeded,
            AverageAccuracy = accuracy,
            Forgetting = forgetting,
            ForgettingFromPeak = forgetting,
            ForwardTransfer = 3,
            Tasks = ["a", "b"],
            Rows = ["base", "a", "b"],
            Matrix = [[40, 41], [96, 44], [96 + forgetting, 92]],
            Benchmarks = [new BenchmarkStatus("copy", [100, 90, general], general - 100), new BenchmarkStatus("rotate", [80, 70, general], general - 80)],
            Stages =
            [
                new StageStatusDocument { Name = "a", Method = "SFT", State = "Succeeded", Step = 10 },
                new StageStatusDocument { Name = "b", Method = "SFT", State = "Succeeded", Step = 5 },
            ],
        },
    };

    private static StatusDocument Status(string variant, long seed) => new() { Run = $"demo-{variant}-{seed}", Namespace = "default", State = RunState.NotStarted };
}

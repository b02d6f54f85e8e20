using Cpt.Cli.Reporting;
using Cpt.Cli.Status;

namespace Cpt.Cli.Tests.Reporting;

/// <summary>A finished three-stage run with two general skills, made up.</summary>
internal static class ReportExample
{
    public static ReportModel Model()
    {
        string[] tasks = ["parity", "half", "residue"];
        double?[][] matrix = [[43.4, 41.0, 30.1], [97.3, 52.3, null], [88.7, 96.1, null], [84.0, 90.6, 95.7]];
        var status = new StatusDocument
        {
            Run = "quickstart",
            Namespace = "default",
            State = RunState.Succeeded,
            Reason = "AllStagesFinished",
            Message = "All 3 stages are finished.",
            Workdir = "/tmp/quickstart",
            AverageAccuracy = 90.1,
            Forgetting = -9.4,
            ForgettingFromPeak = -9.4,
            Tasks = tasks,
            Rows = ["base", .. tasks],
            Matrix = matrix,
            Benchmarks =
            [
                new BenchmarkStatus("copy", [99.6, 98.8, 97.7, 96.5], -3.1),
                new BenchmarkStatus("reverse", [98.0, 82.4, 70.7, 54.3], -43.7),
            ],
            Stages = [.. tasks.Select((task, index) => new StageStatusDocument
            {
                Name = task,
                Method = index == 1 ? "SFT" : "RFT",
                State = "Succeeded",
                Attempts = index + 1,
                Step = 40,
                Steps = 40,
                CheckpointDigest = new string((char)('a' + index), 64),
                StageHash = new string((char)('1' + index), 40),
            })],
        };
        return new ReportModel
        {
            Status = status,
            GeneratedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            BaseModel = "bundled://models/digits-base",
            BaseModelDigest = new string('b', 64),
            Storage = "pvc://checkpoints/quickstart",
            Seed = 1,
            TrainerVersion = "0.1.0",
            Manifest = "apiVersion: cpt.dev/v1alpha1\nkind: ContinualRun\nmetadata: {name: quickstart}  # <script>alert(1)</script>\n",
            Stages = [.. status.Stages.Select((stage, index) => new ReportStage
            {
                Status = stage,
                Tasks = [new ReportTask(stage.Name, $"generated://digits/{stage.Name}?seed=1", new string('c', 64))],
                Training = Curve(index, stage.Method == "RFT"),
                Settings = [("method", stage.Method), ("parameters.learningRate", "1e-4"), ("parameters.batchSize", "64")],
                Flips = index == 0 ? [] : [new FlipCount("parity", 24 * index, 3, 256), new FlipCount("reverse", 31, 1, 256)],
                LostExamples = index == 0 ? [] : [new LostSample("reverse", "eval-17", "9 4 1", "<b>1 4 9</b>")],
                Tokens = 1_234_567,
                DurationSeconds = 61.5,
            })],
        };
    }

    private static List<TrainingPoint> Curve(int stage, bool rewarded) => [.. Enumerable.Range(1, 40).Select(step =>
    {
        var wave = Math.Sin((step + (stage * 7)) * 1.7) * 0.03;
        var values = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["loss"] = (0.9 * Math.Exp(-step / 12.0)) + 0.1 + wave,
            ["gradientNorm"] = 1.5 + (wave * 9),
            ["learningRate"] = 1e-4,
        };
        if (rewarded)
        {
            values["reward"] = 0.97 - (0.55 * Math.Exp(-step / 9.0)) + wave;
            values["kl"] = 0.004 * step;
        }

        return new TrainingPoint(step, values);
    })];
}

using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>Builders: <c>A.Run("demo").WithStage("sums", Method.SFT).Build()</c>.</summary>
internal static class A
{
    public static readonly DateTimeOffset Morning = new(2026, 1, 2, 8, 0, 0, TimeSpan.Zero);

    public static RunBuilder Run(string name) => new(name);

    public static ObservedJob Job(PlanAction.CreateJob made, JobPhase phase) => new()
    {
        Name = made.JobName,
        Stage = made.Spec.Stage,
        Attempt = made.Spec.Attempt,
        StageHash = made.Spec.StageHash,
        RetryToken = made.RetryToken,
        Phase = phase,
        CreatedAt = Morning,
    };

    public static string Digest(string of) => Digests.OfText(of);
}

internal sealed class RunBuilder(string name)
{
    private readonly List<RunStage> _stages = [];
    private Func<ContinualRunSpec, ContinualRunSpec> _spec = spec => spec;
    private Func<ObjectMeta, ObjectMeta> _meta = meta => meta;

    public RunBuilder WithStage(string stage, Method method, string? learningRate = null)
    {
        _stages.Add(new RunStage
        {
            Name = stage,
            Method = method,
            Task = new StageTask { Uri = $"generated://digits/{stage}" },
            Parameters = learningRate is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { [StageParameters.LearningRate] = learningRate },
        });
        return this;
    }

    public RunBuilder With(Func<ContinualRunSpec, ContinualRunSpec> change)
    {
        var before = _spec;
        _spec = spec => change(before(spec));
        return this;
    }

    public RunBuilder WithMeta(Func<ObjectMeta, ObjectMeta> change)
    {
        var before = _meta;
        _meta = meta => change(before(meta));
        return this;
    }

    public RunBuilder WithRetries(int maximum, int initialSeconds = 10, int maxSeconds = 600) => With(spec => spec with
    {
        Retry = new RetrySettings { MaxRetries = maximum, Backoff = new BackoffSettings { InitialSeconds = initialSeconds, MaxSeconds = maxSeconds } },
    });

    public RunBuilder WithGate(GateMetric metric, GateAction action, string? maximum = null, string? minimum = null, string? confidence = null) => With(spec => spec with
    {
        Evaluation = (spec.Evaluation ?? new EvaluationSettings()) with
        {
            Gates = [.. spec.Evaluation?.Gates ?? [], new Gate { Metric = metric, Maximum = maximum, Minimum = minimum, Confidence = confidence, OnFailure = action }],
        },
    });

    public RunBuilder WithBenchmark(string benchmark) => With(spec => spec with
    {
        Evaluation = (spec.Evaluation ?? new EvaluationSettings()) with
        {
            Benchmarks = [.. spec.Evaluation?.Benchmarks ?? [], new Benchmark { Name = benchmark, Uri = $"generated://digits/{benchmark}" }],
        },
    });

    public ContinualRun Build() => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualRun.KindName,
        Metadata = _meta(new ObjectMeta { Name = name, Namespace = "ml", Generation = 1, CreationTimestamp = A.Morning }),
        Spec = _spec(new ContinualRunSpec
        {
            BaseModel = new BaseModelSettings { Uri = "bundled://models/digits-base" },
            Storage = new StorageSettings { Uri = "pvc://checkpoints/demo" },
            Stages = _stages,
        }),
    };
}

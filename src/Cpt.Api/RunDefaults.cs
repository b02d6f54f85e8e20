using System.Globalization;

namespace Cpt.Api;

/// <summary>
/// The value of everything that was left out, in one place. A field's default may depend on other fields: a KL coefficient without a
/// reference means the base model.
/// </summary>
public static class RunDefaults
{
    public const string Namespace = "default";
    public const int MaximumRetries = 3;
    public const int DriftPrompts = 64;
    public const int InitialBackoffSeconds = 10;
    public const int MaximumBackoffSeconds = 600;
    public const int CheckpointsPerStage = 2;
    public const int IntervalSteps = 200;
    public const int MaximumResponseTokens = 256;
    public const long TerminationGracePeriodSeconds = 180;
    public const string Device = "auto";

    /// <summary>The same run with nothing left out. Applying it again changes nothing.</summary>
    public static ContinualRun Apply(ContinualRun run) => run with
    {
        Metadata = run.Metadata with { Namespace = run.Metadata.Namespace ?? Namespace },
        Spec = Apply(run.Spec),
    };

    private static ContinualRunSpec Apply(ContinualRunSpec spec) => spec with
    {
        Suspend = spec.Suspend ?? false,
        RetryToken = spec.RetryToken ?? "",
        Seed = spec.Seed ?? 0,
        Storage = spec.Storage with
        {
            Retention = new RetentionSettings { CheckpointsPerStage = spec.Storage.Retention?.CheckpointsPerStage ?? CheckpointsPerStage },
            DeletionPolicy = spec.Storage.DeletionPolicy ?? DeletionPolicy.Retain,
        },
        Template = (spec.Template ?? new WorkloadTemplate()) with
        {
            Nodes = spec.Template?.Nodes ?? 1,
            ProcessesPerNode = spec.Template?.ProcessesPerNode ?? 1,
            Device = spec.Template?.Device ?? Device,
            TerminationGracePeriodSeconds = spec.Template?.TerminationGracePeriodSeconds ?? TerminationGracePeriodSeconds,
        },
        Checkpoint = new CheckpointSettings { IntervalSteps = spec.Checkpoint?.IntervalSteps ?? IntervalSteps },
        Retry = new RetrySettings
        {
            MaxRetries = spec.Retry?.MaxRetries ?? MaximumRetries,
            Backoff = new BackoffSettings
            {
                InitialSeconds = spec.Retry?.Backoff?.InitialSeconds ?? InitialBackoffSeconds,
                MaxSeconds = spec.Retry?.Backoff?.MaxSeconds ?? Math.Max(MaximumBackoffSeconds, spec.Retry?.Backoff?.InitialSeconds ?? 0),
            },
        },
        Evaluation = Apply(spec.Evaluation ?? new EvaluationSettings(), spec.Stages),
        ReusePolicy = spec.ReusePolicy ?? ReusePolicy.IfUnchanged,
        Stages = [.. spec.Stages.Select(Apply)],
    };

    private static EvaluationSettings Apply(EvaluationSettings evaluation, IReadOnlyList<RunStage> stages) => evaluation with
    {
        Scope = evaluation.Scope ?? EvaluationScope.SeenTasks,
        Benchmarks = evaluation.Benchmarks ?? [],
        Gates = [.. (evaluation.Gates ?? []).Select(gate => gate with { OnFailure = gate.OnFailure ?? GateAction.Stop })],
        Temperature = evaluation.Temperature ?? "0",
        MaxSamples = evaluation.MaxSamples ?? 0,
        Drift = evaluation.Drift is { } drift ? drift with { Prompts = drift.Prompts ?? DriftPrompts } : null,
        MaxResponseTokens = evaluation.MaxResponseTokens ?? MaximumResponseTokens,
        Prompt = evaluation.Prompt ?? (Reasons(stages) ? PromptMode.ChainOfThought : PromptMode.Direct),
    };

    /// <summary>A chain that trains its model to think first is also asked that way, unless the manifest says otherwise.</summary>
    private static bool Reasons(IReadOnlyList<RunStage> stages) =>
        stages.Count > 0 && stages.All(stage => stage.Method == Method.RFT && stage.Rft?.Prompt == PromptMode.ChainOfThought);

    private static RunStage Apply(RunStage stage) => stage with
    {
        Rft = stage.Method == Method.RFT ? Apply(stage.Rft ?? new RftSettings()) : stage.Rft,
        SelfDistillation = stage.SelfDistillation is null ? null : Apply(stage.SelfDistillation),
        Probe = stage.Probe is null ? null : Apply(stage.Probe),
        Lora = stage.Lora is null ? null : Apply(stage.Lora),
        Regularization = stage.Regularization is null ? null : Apply(stage.Regularization),
        Parameters = Apply(stage.Parameters, stage.Method, stage.Lora is not null),
    };

    private static LoraSettings Apply(LoraSettings lora) => lora with
    {
        Rank = lora.Rank ?? 16,
        Alpha = lora.Alpha ?? string.Create(CultureInfo.InvariantCulture, $"{2 * (lora.Rank ?? 16)}"),
        Dropout = lora.Dropout ?? "0",
        Targets = lora.Targets ?? ["AllLinear"],
        VisionTower = lora.VisionTower ?? false,
        RankStabilized = lora.RankStabilized ?? false,
    };

    private static RewardServiceSettings Apply(RewardServiceSettings service) => service with
    {
        Weight = service.Weight ?? "1",
        TimeoutSeconds = service.TimeoutSeconds ?? 30,
        BatchSize = service.BatchSize ?? 64,
        Retries = service.Retries ?? 3,
    };

    private static RegularizationSettings Apply(RegularizationSettings terms) => new()
    {
        Ewc = terms.Ewc is null ? null : terms.Ewc with { FisherSamples = terms.Ewc.FisherSamples ?? 256 },
        Lwf = terms.Lwf is null ? null : new LwfSettings { Weight = terms.Lwf.Weight ?? "1", Temperature = terms.Lwf.Temperature ?? "2" },
    };

    private static RftSettings Apply(RftSettings rft)
    {
        var prompt = rft.Prompt ?? PromptMode.Direct;
        var algorithm = rft.Algorithm ?? Algorithm.GRPO;
        // A mean of log ratios moves far less than a single one: GSPO's own bounds (arXiv:2507.18071, section 5.1), and no dual clip, which it does not have.
        var ofSequences = algorithm == Algorithm.GSPO;
        var coefficient = rft.KlCoefficient ?? "0";
        var held = Rules.DecimalAttribute.TryParse(coefficient, out var number) && number > 0;
        return rft with
        {
            Algorithm = algorithm,
            GroupSize = rft.GroupSize ?? 8,
            KlCoefficient = coefficient,
            Kl = new KlSettings
            {
                Reference = rft.Kl?.Reference ?? (held ? ReferenceModel.Base : ReferenceModel.None),
                Estimator = rft.Kl?.Estimator ?? Estimator.K3,
            },
            ClipLow = rft.ClipLow ?? (ofSequences ? "0.0003" : "0.2"),
            ClipHigh = rft.ClipHigh ?? (ofSequences ? "0.0004" : "0.3"),
            DualClip = rft.DualClip ?? (ofSequences ? "0" : "3"),
            Temperature = rft.Temperature ?? "1",
            TopP = rft.TopP ?? "1",
            TopK = rft.TopK ?? 0,
            MaxResponseTokens = rft.MaxResponseTokens ?? MaximumResponseTokens,
            MiniBatches = rft.MiniBatches ?? 1,
            // Part of the formula of these two, and so no choice.
            LossAggregation = rft.LossAggregation ?? (algorithm is Algorithm.DrGRPO or Algorithm.GSPO ? null : Aggregation.TokenMean),
            DynamicSampling = rft.DynamicSampling ?? 0,
            Prompt = prompt,
            Reward = new RewardSettings
            {
                AccuracyWeight = rft.Reward?.AccuracyWeight ?? (rft.Reward?.Components is not null ? "0" : prompt == PromptMode.ChainOfThought ? "0.9" : "1"),
                FormatWeight = rft.Reward?.FormatWeight ?? (prompt == PromptMode.ChainOfThought ? "0.1" : "0"),
                Components = rft.Reward?.Components,
                Service = rft.Reward?.Service is { } service ? Apply(service) : null,
            },
            PreflightRollouts = rft.PreflightRollouts ?? 64,
            InstanceFilter = rft.InstanceFilter is null ? null : Apply(rft.InstanceFilter),
        };
    }

    private static SelfDistillationSettings Apply(SelfDistillationSettings own) => own with
    {
        Rollouts = own.Rollouts ?? 8,
        MinimumReward = own.MinimumReward ?? "0.5",
        PerSample = own.PerSample ?? LearnedRollouts.One,
        Prompt = own.Prompt ?? PromptMode.Direct,
        Temperature = own.Temperature ?? "1",
        TopP = own.TopP ?? "1",
        MaxResponseTokens = own.MaxResponseTokens ?? MaximumResponseTokens,
    };

    private static ProbeSettings Apply(ProbeSettings probe) => probe with { Samples = probe.Samples ?? 64, Rollouts = probe.Rollouts ?? 8 };

    private static InstanceFilterSettings Apply(InstanceFilterSettings filter) => filter with
    {
        Rollouts = filter.Rollouts ?? 8,
        MinimumReward = filter.MinimumReward ?? "0.5",
        MinimumSolved = filter.MinimumSolved ?? 1,
        MaximumSolved = filter.MaximumSolved ?? filter.Rollouts ?? 8,
        Control = filter.Control ?? FilterControl.None,
    };

    private static Dictionary<string, string> Apply(IReadOnlyDictionary<string, string>? given, Method method, bool lora)
    {
        // Rates of arXiv:2507.05386: 1e-5 with cosine and warm-up for SFT, a constant 1e-6 for RFT. An adapter, which starts from nothing, wants about ten times as much.
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [StageParameters.LearningRate] = (method, lora) switch { (Method.SFT, false) => "1e-5", (Method.SFT, true) => "1e-4", (_, false) => "1e-6", (_, true) => "1e-5" },
            [StageParameters.Epochs] = "1",
            [StageParameters.BatchSize] = "64",
            [StageParameters.MicroBatchSize] = "0",
            [StageParameters.Schedule] = method == Method.SFT ? "Cosine" : "Constant",
            [StageParameters.WarmupRatio] = method == Method.SFT ? "0.1" : "0",
            [StageParameters.WeightDecay] = "0.01",
            [StageParameters.Beta1] = "0.9",
            [StageParameters.Beta2] = "0.999",
            [StageParameters.Epsilon] = "1e-8",
            [StageParameters.MaxGradientNorm] = "1",
            [StageParameters.MaxSequenceTokens] = "512",
            [StageParameters.Precision] = "float32",
            [StageParameters.GradientCheckpointing] = "false",
            [StageParameters.OffloadOptimizer] = "false",
        };
        if (method == Method.SFT)
        {
            parameters[StageParameters.PackSequences] = "false";
        }

        if (given?.ContainsKey(StageParameters.Steps) is true)
        {
            // They say the same in another unit, and a manifest may hold only one of them.
            parameters.Remove(StageParameters.Epochs);
        }

        foreach (var (key, value) in given ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            parameters[key] = value;
        }

        if (parameters.ContainsKey(StageParameters.StopAtAccuracy))
        {
            parameters.TryAdd(StageParameters.StopCheckSteps, "5");
            parameters.TryAdd(StageParameters.StopEvaluationSamples, "256");
        }

        return parameters;
    }
}

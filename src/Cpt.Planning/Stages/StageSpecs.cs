using System.Globalization;
using System.Text.Json;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>A stage of a run as the trainer gets it: everything resolved, so that the same file gives the same weights wherever it runs.</summary>
public static class StageSpecs
{
    /// <summary>stage.json of one attempt.</summary>
    public static StageSpec Build(ContinualRun run, int index, StageInputs inputs)
    {
        run = RunDefaults.Apply(run);
        var stage = run.Spec.Stages[index];
        var training = Training(run.Spec, index, inputs.TrainedDigests) with { Owner = Owner(run) };
        return new StageSpec
        {
            Namespace = run.Metadata.Namespace!,
            Run = run.Metadata.Name,
            Stage = stage.Name,
            Index = index,
            Attempt = inputs.Attempt,
            StageHash = Digests.StageHash(inputs.InputDigest, training),
            StorageUri = run.Spec.Storage.Uri,
            BaseModel = new ModelInput { Uri = run.Spec.BaseModel.Uri, Digest = inputs.BaseModelDigest },
            Input = inputs.InputStageHash is null
                ? new ModelInput { Uri = run.Spec.BaseModel.Uri, Digest = inputs.InputDigest }
                : new ModelInput { StageHash = inputs.InputStageHash, Digest = inputs.InputDigest },
            Training = training,
            Probe = stage.Probe is { } probe ? new ProbeSpec { Samples = probe.Samples!.Value, Rollouts = probe.Rollouts!.Value, Sampling = ProbeSampling(run, index) } : null,
            Checkpoint = new CheckpointSpec
            {
                IntervalSteps = run.Spec.Checkpoint!.IntervalSteps!.Value,
                Keep = run.Spec.Storage.Retention!.CheckpointsPerStage!.Value,
            },
            Evaluation = Evaluation(run, index, inputs),
            Device = stage.Template?.Device ?? run.Spec.Template!.Device!,
            Memory = Memory(stage.Parameters!),
            RewardCalls = RewardSpecs.Calls(stage.Rft?.Reward?.Service),
        };
    }

    /// <summary>What a stage's training reads, in the order of <see cref="StageInputs.TaskDigests"/>.</summary>
    public static IReadOnlyList<string> TrainedUris(ContinualRun run, int index) => TrainedTasks.Uris(run.Spec, index);

    /// <summary>How a probe of a stage samples: as its own rollouts are; SFT without any is asked as the evaluation asks.</summary>
    public static RftSpec ProbeSampling(ContinualRun run, int index)
    {
        run = RunDefaults.Apply(run);
        var (stage, evaluation) = (run.Spec.Stages[index], run.Spec.Evaluation!);
        if (stage.Method == Method.RFT)
        {
            return Rft(stage.Rft!);
        }

        var prompt = Prompt(stage.SelfDistillation?.Prompt ?? evaluation.Prompt!.Value);
        return new RftSpec
        {
            Prompt = prompt,
            AccuracyWeight = prompt == PromptStyle.ChainOfThought ? 0.9 : 1,
            FormatWeight = prompt == PromptStyle.ChainOfThought ? 0.1 : 0,
            MaxResponseTokens = stage.SelfDistillation?.MaxResponseTokens ?? evaluation.MaxResponseTokens!.Value,
        };
    }

    /// <summary>The part that decides the weights.</summary>
    /// <param name="run">With or without defaults applied.</param>
    /// <param name="index">0-based place of the stage.</param>
    /// <param name="taskDigest">Digest of the stage's task, or null where it does not matter.</param>
    public static TrainingSpec Training(ContinualRun run, int index, string? taskDigest) => Training(RunDefaults.Apply(run).Spec, index, [taskDigest]);

    /// <summary>Whose alone the results are. A run that was deleted and made anew is another one on a cluster; <c>cpt run</c> knows runs by their names.</summary>
    internal static string? Owner(ContinualRun run) =>
        run.Spec.ReusePolicy == ReusePolicy.Never ? run.Metadata.Uid ?? $"{run.Metadata.Namespace ?? RunDefaults.Namespace}/{run.Metadata.Name}" : null;

    /// <param name="defaulted">With defaults applied.</param>
    /// <param name="index">0-based place of the stage.</param>
    /// <param name="digests">In the order of <see cref="TrainedTasks.Uris"/>; those that are missing stay open.</param>
    internal static TrainingSpec Training(ContinualRunSpec defaulted, int index, IReadOnlyList<string?> digests)
    {
        var stage = defaulted.Stages[index];
        var digestOf = TrainedTasks.Uris(defaulted, index).Zip(digests).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
        TaskInput[] Inputs(IEnumerable<TaskColumn> tasks) =>
            [.. tasks.Select(task => new TaskInput { Name = task.Name, Uri = task.Uri, Digest = digestOf.GetValueOrDefault(task.Uri), Scorer = task.Scorer?.ToString() })];
        var own = Inputs(TaskColumns.Of(stage));
        var replayed = Inputs(TrainedTasks.Replayed(defaulted, index));
        var held = Inputs(TrainedTasks.Protected(defaulted, index));
        return new TrainingSpec
        {
            Method = stage.Method == Method.SFT ? StageMethod.SFT : StageMethod.RFT,
            Task = own[0],
            JointTasks = own.Length > 1 ? own[1..] : null,
            Regularization = stage.Regularization is { } terms ? Regularization(terms, held) : null,
            Replay = replayed.Length > 0 ? new ReplaySpec { Percentage = stage.Replay!.Percentage, Tasks = replayed } : null,
            Optimization = Optimization(stage.Parameters!),
            Rft = stage.Method == Method.RFT ? Rft(stage.Rft!) : null,
            SelfDistillation = stage.SelfDistillation is { } distilled ? SelfDistillation(distilled) : null,
            Lora = stage.Lora is { } lora ? Lora(lora) : null,
            Freeze = stage.Freeze is { Count: > 0 } freeze ? freeze : null,
            Seed = defaulted.Seed!.Value,
        };
    }

    /// <summary>16 hex digits over what the manifest asks for, whatever the data contains: two values differ when the manifest was edited.</summary>
    internal static string SpecHash(ContinualRunSpec defaulted, int index)
    {
        var training = Training(defaulted, index, digests: []);
        return Digests.OfText(JsonSerializer.Serialize(training.WithInputs(task => task with { Name = "" }), ContractJson.Default.TrainingSpec))[..16];
    }

    /// <summary>Tasks that are due in the row after this stage, in chain order.</summary>
    public static IEnumerable<TaskColumn> TasksDue(ContinualRun run, int index) =>
        TaskColumns.Of(run.Spec.Evaluation?.Scope == EvaluationScope.AllTasks ? run.Spec.Stages : run.Spec.Stages.Take(index + 1));

    private static EvaluationSpec Evaluation(ContinualRun run, int index, StageInputs inputs)
    {
        var evaluation = run.Spec.Evaluation!;
        return new EvaluationSpec
        {
            Tasks = [.. TasksDue(run, index).Select(task => Input(task.Name, task.Uri, task.Scorer))],
            Benchmarks = [.. evaluation.Benchmarks!.Select(benchmark => Input(benchmark.Name, benchmark.Uri, benchmark.Scorer))],
            Baseline = inputs.Baseline,
            BaselineTasks = inputs.Baseline ? [.. TaskColumns.Of(run.Spec.Stages).Select(task => Input(task.Name, task.Uri, task.Scorer))] : [],
            PreviousRow = inputs.InputStageHash ?? Digests.BaselineHash(inputs.BaseModelDigest),
            Temperature = Number(evaluation.Temperature!),
            MaxSamples = evaluation.MaxSamples!.Value,
            MaxResponseTokens = evaluation.MaxResponseTokens!.Value,
            Prompt = Prompt(evaluation.Prompt!.Value),
            DriftPrompts = evaluation.Drift?.Prompts ?? 0,
        };

        TaskInput Input(string name, string uri, Scorer? scorer) =>
            new() { Name = name, Uri = uri, Digest = inputs.EvaluationDigests.GetValueOrDefault(uri), Scorer = scorer?.ToString() };
    }

    private static OptimizationSpec Optimization(IReadOnlyDictionary<string, string> parameters)
    {
        return new OptimizationSpec
        {
            LearningRate = Number(parameters[StageParameters.LearningRate]),
            Epochs = parameters.TryGetValue(StageParameters.Epochs, out var epochs) ? Number(epochs) : s_plain.Epochs,
            Steps = parameters.TryGetValue(StageParameters.Steps, out var steps) ? Whole(steps) : null,
            BatchSize = Whole(parameters[StageParameters.BatchSize]),
            MicroBatchSize = Whole(parameters[StageParameters.MicroBatchSize]),
            Schedule = Enum.Parse<LearningRateSchedule>(parameters[StageParameters.Schedule]),
            WarmupRatio = Number(parameters[StageParameters.WarmupRatio]),
            WeightDecay = Number(parameters[StageParameters.WeightDecay]),
            Beta1 = Number(parameters[StageParameters.Beta1]),
            Beta2 = Number(parameters[StageParameters.Beta2]),
            Epsilon = Number(parameters[StageParameters.Epsilon]),
            MaxGradientNorm = Number(parameters[StageParameters.MaxGradientNorm]),
            MaxSequenceTokens = Whole(parameters[StageParameters.MaxSequenceTokens]),
            Precision = parameters[StageParameters.Precision],
            PackSequences = IsOn(parameters, StageParameters.PackSequences),
            StopAtAccuracy = parameters.TryGetValue(StageParameters.StopAtAccuracy, out var accuracy) ? Number(accuracy) : null,
            StopCheckSteps = parameters.TryGetValue(StageParameters.StopCheckSteps, out var check) ? Whole(check) : s_plain.StopCheckSteps,
            StopEvaluationSamples = parameters.TryGetValue(StageParameters.StopEvaluationSamples, out var samples) ? Whole(samples) : s_plain.StopEvaluationSamples,
        };
    }

    private static readonly OptimizationSpec s_plain = new() { LearningRate = 0, BatchSize = 1 };

    private static RftSpec Rft(RftSettings rft) => new()
    {
        Algorithm = Enum.Parse<RftAlgorithm>(rft.Algorithm!.Value.ToString()),
        GroupSize = rft.GroupSize!.Value,
        ClipLow = Number(rft.ClipLow!),
        ClipHigh = Number(rft.ClipHigh!),
        DualClip = Number(rft.DualClip!),
        KlCoefficient = Number(rft.KlCoefficient!),
        KlReference = Enum.Parse<KlReference>(rft.Kl!.Reference!.Value.ToString()),
        KlEstimator = rft.Kl.Estimator!.Value switch { Estimator.K1 => "k1", Estimator.K2 => "k2", _ => "k3" },
        LossAggregation = rft.Algorithm switch { Algorithm.DrGRPO => "Constant", Algorithm.GSPO => "SequenceMean", _ => rft.LossAggregation!.Value.ToString() },
        MiniBatches = rft.MiniBatches!.Value,
        DynamicSamplingBatches = rft.DynamicSampling!.Value,
        Prompt = Prompt(rft.Prompt!.Value),
        AccuracyWeight = Number(rft.Reward!.AccuracyWeight!),
        FormatWeight = Number(rft.Reward.FormatWeight!),
        RewardComponents = RewardSpecs.Components(rft.Reward),
        RewardService = RewardSpecs.Service(rft.Reward),
        Temperature = Number(rft.Temperature!),
        TopP = Number(rft.TopP!),
        TopK = rft.TopK!.Value,
        MaxResponseTokens = rft.MaxResponseTokens!.Value,
        PreflightRollouts = rft.PreflightRollouts!.Value,
        InstanceFilter = rft.InstanceFilter is { } filter ? Filter(filter) : null,
    };

    private static SelfDistillationSpec SelfDistillation(SelfDistillationSettings own) => new()
    {
        Rollouts = own.Rollouts!.Value,
        MinimumReward = Number(own.MinimumReward!),
        PerSample = Enum.Parse<ValidRollouts>(own.PerSample!.Value.ToString()),
        Prompt = Prompt(own.Prompt!.Value),
        Temperature = Number(own.Temperature!),
        TopP = Number(own.TopP!),
        MaxResponseTokens = own.MaxResponseTokens!.Value,
    };

    private static InstanceFilterSpec Filter(InstanceFilterSettings filter) => new()
    {
        Rollouts = filter.Rollouts!.Value,
        MinimumReward = Number(filter.MinimumReward!),
        MinimumSolved = filter.MinimumSolved!.Value,
        MaximumSolved = filter.MaximumSolved!.Value,
        Control = Enum.Parse<InstanceControl>(filter.Control!.Value.ToString()),
    };

    private static LoraSpec Lora(LoraSettings lora) => new()
    {
        Rank = lora.Rank!.Value,
        Alpha = Number(lora.Alpha!),
        Dropout = Number(lora.Dropout!),
        Targets = lora.Targets!,
        VisionTower = lora.VisionTower!.Value,
        RankStabilized = lora.RankStabilized!.Value,
    };

    /// <returns>Null where nothing is left: the first stage has no earlier task to hold.</returns>
    private static RegularizationSpec? Regularization(RegularizationSettings terms, IReadOnlyList<TaskInput> held)
    {
        var spec = new RegularizationSpec
        {
            Ewc = terms.Ewc is { } ewc && held.Count > 0 ? new EwcSpec { Lambda = Number(ewc.Lambda), FisherSamples = ewc.FisherSamples!.Value, Tasks = held } : null,
            Lwf = terms.Lwf is { } lwf ? new LwfSpec { Weight = Number(lwf.Weight!), Temperature = Number(lwf.Temperature!) } : null,
        };
        return spec is { Ewc: null, Lwf: null } ? null : spec;
    }

    private static MemorySpec? Memory(IReadOnlyDictionary<string, string> parameters)
    {
        var memory = new MemorySpec
        {
            GradientCheckpointing = IsOn(parameters, StageParameters.GradientCheckpointing),
            OffloadOptimizer = IsOn(parameters, StageParameters.OffloadOptimizer),
        };
        return memory == new MemorySpec() ? null : memory;
    }

    private static bool IsOn(IReadOnlyDictionary<string, string> parameters, string key) => parameters.GetValueOrDefault(key) == "true";

    private static PromptStyle Prompt(PromptMode prompt) => prompt == PromptMode.Direct ? PromptStyle.Direct : PromptStyle.ChainOfThought;

    /// <summary>The validator has seen it: what does not parse here is a bug.</summary>
    private static double Number(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static int Whole(string text) => int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}

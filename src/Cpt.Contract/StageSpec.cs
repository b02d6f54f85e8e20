using System.Text.Json.Serialization;

namespace Cpt.Contract;

/// <summary>
/// stage.json: everything one attempt of one stage needs, resolved: no defaults are left to the trainer, so that the
/// same file gives the same weights wherever it runs.
/// </summary>
public sealed record StageSpec
{
    /// <summary>Raised whenever the same spec would train different weights; part of every stage hash.</summary>
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required string Namespace { get; init; }

    public required string Run { get; init; }

    public required string Stage { get; init; }

    /// <summary>0-based place in the chain.</summary>
    public required int Index { get; init; }

    /// <summary>1-based; never part of the stage hash.</summary>
    public required int Attempt { get; init; }

    /// <summary>Where the result is committed: <c>stages/&lt;StageHash&gt;/…</c> under <see cref="StorageUri"/>.</summary>
    public required string StageHash { get; init; }

    public required string StorageUri { get; init; }

    /// <summary>The chain's base model: what KL reference <c>Base</c> and row 0 of the matrix mean.</summary>
    public required ModelInput BaseModel { get; init; }

    /// <summary>What this stage starts from: the base model or an earlier stage's commit.</summary>
    public required ModelInput Input { get; init; }

    /// <summary>The part that decides the weights; hashed as canonical JSON.</summary>
    public required TrainingSpec Training { get; init; }

    /// <summary>Says before step 1 which method has something to learn from; null: nothing is asked. Not part of the stage hash.</summary>
    public ProbeSpec? Probe { get; init; }

    public required CheckpointSpec Checkpoint { get; init; }

    public required EvaluationSpec Evaluation { get; init; }

    /// <summary><c>auto</c>, <c>cpu</c> or <c>cuda</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>What is given for less memory; null: nothing. Changes no bit of the weights, so it is not part of the stage hash, and a resumed stage may have another.</summary>
    public MemorySpec? Memory { get; init; }

    /// <summary>How the service of <see cref="RftSpec.RewardService"/> is called; null: by the defaults.</summary>
    public RewardCallSpec? RewardCalls { get; init; }
}

/// <summary>Time or bandwidth for memory.</summary>
public sealed record MemorySpec
{
    /// <summary>Activations within a layer are not kept for the backward pass but computed again.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>Master weights and moments stay in the host's memory and visit the device one parameter at a time.</summary>
    public bool OffloadOptimizer { get; init; }
}

/// <summary>A model directory: either a URI (base model) or the commit of an earlier stage in this run's storage.</summary>
public sealed record ModelInput
{
    /// <summary>Set for a base model: <c>file://</c>, <c>azblob://</c>, <c>pvc://</c> or <c>bundled://</c>.</summary>
    public string? Uri { get; init; }

    /// <summary>Set for a stage's result.</summary>
    public string? StageHash { get; init; }

    /// <summary><see cref="Digests.OfFiles"/> over the model's files; verified after download.</summary>
    public required string Digest { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<StageMethod>))]
public enum StageMethod
{
    /// <summary>Supervised fine-tuning on the task's answers.</summary>
    SFT,

    /// <summary>Reinforcement fine-tuning on rewards of sampled rollouts.</summary>
    RFT,
}

/// <summary>What is learned and how. Two equal values on equal input weights give equal output weights.</summary>
public sealed record TrainingSpec
{
    public required StageMethod Method { get; init; }

    public required TaskInput Task { get; init; }

    public required OptimizationSpec Optimization { get; init; }

    /// <summary>Set when <see cref="Method"/> is RFT.</summary>
    public RftSpec? Rft { get; init; }

    /// <summary>Trains a LoRA beside frozen weights, which the final checkpoint has added in; null: the weights themselves.</summary>
    public LoraSpec? Lora { get; init; }

    /// <summary>Weights that stay as they are, by their names on disk with <c>*</c>; null: none. Not beside <see cref="Lora"/>, which freezes all.</summary>
    public IReadOnlyList<string>? Freeze { get; init; }

    /// <summary>Tasks learned together with <see cref="Task"/>: a step takes of each in proportion to its size; null: that one alone.</summary>
    public IReadOnlyList<TaskInput>? JointTasks { get; init; }

    /// <summary>Null: no earlier task is mixed in.</summary>
    public ReplaySpec? Replay { get; init; }

    /// <summary>SFT learns the input policy's own rollouts instead of the task's answers; null: the answers.</summary>
    public SelfDistillationSpec? SelfDistillation { get; init; }

    /// <summary>Null: the loss is the task's alone.</summary>
    public RegularizationSpec? Regularization { get; init; }

    public long Seed { get; init; }

    /// <summary>The run that trains for itself alone (its UID on a cluster): part of the stage hash, so that nobody else's result is taken over, and of nothing that is computed. Null: results are shared.</summary>
    public string? Owner { get; init; }

    /// <summary>Every task the stage reads, whatever for.</summary>
    public IEnumerable<TaskInput> Inputs() => [Task, .. JointTasks ?? [], .. Replay?.Tasks ?? [], .. Regularization?.Ewc?.Tasks ?? []];

    /// <summary>The same with every task changed.</summary>
    public TrainingSpec WithInputs(Func<TaskInput, TaskInput> change) => this with
    {
        Task = change(Task),
        JointTasks = JointTasks is null ? null : [.. JointTasks.Select(change)],
        Replay = Replay is null ? null : Replay with { Tasks = [.. Replay.Tasks.Select(change)] },
        Regularization = Regularization?.Ewc is not { } ewc ? Regularization : Regularization with { Ewc = ewc with { Tasks = [.. ewc.Tasks.Select(change)] } },
    };
}

/// <summary>A low-rank adapter, in PEFT's terms.</summary>
public sealed record LoraSpec
{
    public required int Rank { get; init; }

    /// <summary>B·A is scaled by alpha / rank.</summary>
    public required double Alpha { get; init; }

    public double Dropout { get; init; }

    /// <summary>Ends of layers' names (<c>q_proj</c>), whole names, or <c>AllLinear</c>.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>Whether targets in the image tower are meant as well.</summary>
    public bool VisionTower { get; init; }

    /// <summary>Scales by alpha / √rank.</summary>
    public bool RankStabilized { get; init; }
}

/// <summary>A task by URI. <see cref="Scorer"/> overrides the scorer of its task.json.</summary>
public sealed record TaskInput
{
    public required string Name { get; init; }

    public required string Uri { get; init; }

    /// <summary>Digest over the task's files, when the gatherer could know it.</summary>
    public string? Digest { get; init; }

    public string? Scorer { get; init; }
}

public sealed record OptimizationSpec
{
    public required double LearningRate { get; init; }

    /// <summary>Passes over the train split; ignored when <see cref="Steps"/> is set.</summary>
    public double Epochs { get; init; } = 1;

    /// <summary>Optimizer steps (SFT) or rollout batches (RFT).</summary>
    public int? Steps { get; init; }

    /// <summary>Samples a step (SFT) or prompts a rollout batch (RFT).</summary>
    public required int BatchSize { get; init; }

    /// <summary>Sequences in one forward pass; 0 = chosen by length. Gradients are accumulated to the same token mean.</summary>
    public int MicroBatchSize { get; init; }

    [JsonConverter(typeof(JsonStringEnumConverter<LearningRateSchedule>))]
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>Fraction of all steps, 0..1.</summary>
    public double WarmupRatio { get; init; }

    public double WeightDecay { get; init; } = 0.01;

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.999;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Largest global L2 norm of the gradient; 0 = no clipping.</summary>
    public double MaxGradientNorm { get; init; } = 1.0;

    /// <summary>Prompt plus answer, tokens.</summary>
    public int MaxSequenceTokens { get; init; } = 512;

    /// <summary>One of <see cref="Contract.Precision"/>.</summary>
    public string Precision { get; init; } = "float32";

    /// <summary>SFT: sequences of one pass stand one after the other without padding, each seeing itself alone. Left out of the JSON, and so of the hash, where it is false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool PackSequences { get; init; }

    /// <summary>
    /// Ends the stage early once the accuracy on <see cref="StopEvaluationSamples"/> evaluation samples, sampled at temperature 1,
    /// reaches this (0..1); so that methods can be compared at matched new-task accuracy.
    /// </summary>
    public double? StopAtAccuracy { get; init; }

    /// <summary>How often <see cref="StopAtAccuracy"/> is looked at, in steps.</summary>
    public int StopCheckSteps { get; init; } = 5;

    public int StopEvaluationSamples { get; init; } = 256;
}

public enum LearningRateSchedule
{
    Constant,
    Linear,
    Cosine,
}

[JsonConverter(typeof(JsonStringEnumConverter<RftAlgorithm>))]
public enum RftAlgorithm
{
    GRPO,
    RLOO,
    ReMax,
    DrGRPO,
    REINFORCEPlusPlus,
    GSPO,
}

[JsonConverter(typeof(JsonStringEnumConverter<KlReference>))]
public enum KlReference
{
    None,
    Base,
    PreviousStage,
}

[JsonConverter(typeof(JsonStringEnumConverter<PromptStyle>))]
public enum PromptStyle
{
    /// <summary>The task's messages as they are; reward is accuracy alone.</summary>
    Direct,

    /// <summary>Asks for <c>&lt;think&gt;…&lt;/think&gt; \boxed{…}</c>; reward is accuracy and format.</summary>
    ChainOfThought,
}

public sealed record RftSpec
{
    public RftAlgorithm Algorithm { get; init; } = RftAlgorithm.GRPO;

    /// <summary>Rollouts a prompt, G ≥ 2.</summary>
    public int GroupSize { get; init; } = 8;

    public double ClipLow { get; init; } = 0.2;

    public double ClipHigh { get; init; } = 0.3;

    /// <summary>c of dual clip; 0 = off.</summary>
    public double DualClip { get; init; } = 3.0;

    public double KlCoefficient { get; init; }

    public KlReference KlReference { get; init; } = KlReference.None;

    /// <summary><c>k1</c>, <c>k2</c> or <c>k3</c>.</summary>
    public string KlEstimator { get; init; } = "k3";

    /// <summary><c>TokenMean</c> or <c>SequenceMean</c>; always <c>Constant</c> with DrGRPO and <c>SequenceMean</c> with GSPO, whose formulas they are part of.</summary>
    public string LossAggregation { get; init; } = "TokenMean";

    /// <summary>Optimizer steps per rollout batch.</summary>
    public int MiniBatches { get; init; } = 1;

    /// <summary>Drop groups whose rewards are all equal and draw more prompts, at most this many extra batches; 0 = off.</summary>
    public int DynamicSamplingBatches { get; init; }

    public PromptStyle Prompt { get; init; } = PromptStyle.Direct;

    public double AccuracyWeight { get; init; } = 1.0;

    public double FormatWeight { get; init; }

    /// <summary>Scorers that count besides the task's own; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RewardComponentSpec>? RewardComponents { get; init; }

    /// <summary>Judges every rollout over HTTP; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RewardServiceSpec? RewardService { get; init; }

    public double Temperature { get; init; } = 1.0;

    public double TopP { get; init; } = 1.0;

    public int TopK { get; init; }

    public int MaxResponseTokens { get; init; } = 256;

    /// <summary>Threads that sample side by side. What is drawn hangs on seed, row and position, not on them; only rounding does.</summary>
    public int RolloutThreads { get; init; } = 2;

    /// <summary>Rollouts of the preflight that must earn something before training starts; 0 = no preflight.</summary>
    public int PreflightRollouts { get; init; } = 64;

    /// <summary>Which train samples are learned from; null: all.</summary>
    public InstanceFilterSpec? InstanceFilter { get; init; }
}

public sealed record CheckpointSpec
{
    /// <summary>0 = only when stopped and at the end.</summary>
    public int IntervalSteps { get; init; }

    /// <summary>Intermediate checkpoints kept; the final one always is.</summary>
    public int Keep { get; init; } = 2;
}

/// <summary>The row of the accuracy matrix that this stage writes; not part of the stage hash.</summary>
public sealed record EvaluationSpec
{
    /// <summary>Learned tasks (columns of the matrix), in chain order.</summary>
    public IReadOnlyList<TaskInput> Tasks { get; init; } = [];

    /// <summary>General skills, scored after every stage and never trained on.</summary>
    public IReadOnlyList<TaskInput> Benchmarks { get; init; } = [];

    /// <summary>Set on the first stage: also score the base model, as row 0, under <see cref="Digests.BaselineHash"/>.</summary>
    public bool Baseline { get; init; }

    /// <summary>Tasks of row 0; every task of the chain.</summary>
    public IReadOnlyList<TaskInput> BaselineTasks { get; init; } = [];

    /// <summary>Row to count 1→0 flips against: an earlier stage's hash or the baseline's.</summary>
    public string? PreviousRow { get; init; }

    /// <summary>0 = greedy.</summary>
    public double Temperature { get; init; }

    /// <summary>First n evaluation samples; 0 = all.</summary>
    public int MaxSamples { get; init; }

    public int MaxResponseTokens { get; init; } = 256;

    public PromptStyle Prompt { get; init; } = PromptStyle.Direct;

    /// <summary>Evaluation prompts of each learned task on which the divergence from the base model is measured; 0 = none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int DriftPrompts { get; init; }

    public int BatchSize { get; init; } = 64;
}

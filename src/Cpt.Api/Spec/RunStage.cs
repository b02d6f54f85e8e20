using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>One task, or several together, learned with one method.</summary>
public sealed record RunStage
{
    /// <summary>Unique in the run; also the task's column in the matrix, unless there are several tasks.</summary>
    [DnsLabel]
    public required string Name { get; init; }

    /// <summary>How it learns.</summary>
    public required Method Method { get; init; }

    /// <summary>What is learned. This or tasks.</summary>
    public StageTask? Task { get; init; }

    /// <summary>Several tasks learned together, mixed in proportion to their sizes; each is a column of the matrix under its name. An epoch is one pass over all of them.</summary>
    [MapList("name")]
    [Items(1, 32)]
    public IReadOnlyList<JointTask>? Tasks { get; init; }

    /// <summary>Reinforcement fine-tuning: how rollouts are sampled and rewarded. Only for method RFT.</summary>
    public RftSettings? Rft { get; init; }

    /// <summary>Learns the stage's own valid rollouts instead of the task's answers. Only for method SFT.</summary>
    public SelfDistillationSettings? SelfDistillation { get; init; }

    /// <summary>Asks the input model before training whether RFT or SFT has something to learn from, and writes down the answer.</summary>
    public ProbeSettings? Probe { get; init; }

    /// <summary>Trains a low-rank adapter beside the frozen model; the stage's checkpoint is the model with the adapter added in. Needs a fraction of the memory.</summary>
    public LoraSettings? Lora { get; init; }

    /// <summary>Weights that stay as they are, by their names with * for any characters, such as "visual.*". Not beside lora, which freezes all.</summary>
    [Items(0, 64)]
    [WeightNames("visual.*")]
    public IReadOnlyList<string>? Freeze { get; init; }

    /// <summary>Parameters of the optimization, all written as strings.</summary>
    [Items(0, 32)]
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>Mixes samples of earlier stages' tasks into every batch, each with its own scorer.</summary>
    public ReplaySettings? Replay { get; init; }

    /// <summary>Terms of the loss that hold the stage to what the model was before it.</summary>
    public RegularizationSettings? Regularization { get; init; }

    /// <summary>Overrides single fields of <c>spec.template</c>.</summary>
    public WorkloadTemplate? Template { get; init; }
}

/// <summary>How a stage learns.</summary>
public enum Method
{
    /// <summary>Supervised fine-tuning on the task's answers.</summary>
    SFT,

    /// <summary>Reinforcement fine-tuning on rewards of sampled rollouts.</summary>
    RFT,
}

/// <summary>A dataset with a train split, an evaluation split and a scorer.</summary>
public sealed record StageTask
{
    /// <summary>A task directory, or a generator such as <c>generated://digits/parity?seed=1</c>.</summary>
    [UriScheme("azblob", "file", "pvc", "generated")]
    public required string Uri { get; init; }

    /// <summary>Overrides the scorer that the task names.</summary>
    public Scorer? Scorer { get; init; }
}

/// <summary>How an answer is judged.</summary>
public enum Scorer
{
    /// <summary>The same text.</summary>
    ExactMatch,

    /// <summary>The letter of the right choice.</summary>
    ChoiceLetter,

    /// <summary>The same number, within the task's tolerance.</summary>
    Numeric,

    /// <summary>Matches the sample's regular expression.</summary>
    Pattern,

    /// <summary>What stands in the last box is the same LaTeX; without a box it is wrong.</summary>
    BoxedAnswer,

    /// <summary>The same value, or the same text, of simple LaTeX.</summary>
    Latex,

    /// <summary>As right as many annotators gave that answer.</summary>
    VqaAccuracy,

    /// <summary>The same one of yes and no.</summary>
    YesNo,

    /// <summary>A box that overlaps the true one by half at least.</summary>
    IoU,
}

/// <summary>Samples of earlier stages' tasks that are mixed into the training data.</summary>
public sealed record ReplaySettings
{
    /// <summary>Share of every batch, percent; exact over the steps, whatever the batch's size. An epoch stays a pass over the stage's own samples: the replayed ones come on top.</summary>
    [Minimum(1)]
    [Maximum(99)]
    public required int Percentage { get; init; }

    /// <summary>Names of earlier stages; empty = all of them. Their tasks have equal shares. The first stage has none before it and replays nothing.</summary>
    [Items(0, 64)]
    public IReadOnlyList<string>? FromStages { get; init; }
}

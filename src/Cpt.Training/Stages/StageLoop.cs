using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>What both methods share: counting steps, stopping early, curves, saving and loading.</summary>
internal abstract class StageLoop : IStageLoop
{
    private readonly TokenLimit _limit;
    private readonly StopCheck? _stopCheck;
    private long _position;
    private bool _stopCheckPending;
    private StepReport? _newest;
    private readonly TaskSource[] _protected;
    private CausalLM? _input;

    protected StageLoop(StageContext context, PromptStyle style)
    {
        Context = context;
        var own = Sources([context.Training.Task, .. context.Training.JointTasks ?? []], [context.Task, .. context.JointTasks], style, replayed: false);
        var replay = context.Training.Replay;
        _protected = Sources(context.Training.Regularization?.Ewc?.Tasks ?? [], context.Protected, PromptStyle.Direct, replayed: true);
        Task = own[0].Task;
        Optimization = context.Training.Optimization;
        Stream = new DataStream(own, Sources(replay?.Tasks ?? [], context.Replayed, style, replayed: true), replay?.Percentage ?? 0, context.Training.Seed);
        Plan = StepPlan.Of(Optimization, Stream.Count, Stream.Share);
        Device = context.Policy.device;
        if (!Precision.All.Contains(Optimization.Precision))
            throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", $"precision: '{Optimization.Precision}' is not a precision; use {Precision.Choices}");
        if (Precision.HalvesWeights(Optimization.Precision) != (context.Policy.dtype == ScalarType.BFloat16))
            throw new InvalidOperationException($"precision is {Optimization.Precision}, and the policy's weights were loaded as {context.Policy.dtype}");
        Bfloat16 = Optimization.Precision == Precision.BFloat16;
        PolicySetup.Apply(context);
        _limit = new TokenLimit(context.Policy.Config, Optimization);
        Optimizer = new PolicyOptimizer(context.Policy, Optimization, context.Workers, context.Memory.OffloadOptimizer);
        if (Optimization.StopAtAccuracy is { } accuracy) _stopCheck = new StopCheck(context, [.. own.Select(source => source.Task)], style, accuracy);
    }

    public int Step { get; private set; }

    public int StepsDue => Plan.Steps;

    public bool Finished => StoppedEarly || Step >= StepsDue;

    public bool StoppedEarly { get; private set; }

    public long Tokens { get; private set; }

    public MetricsHistory History { get; private set; } = new();

    protected StageContext Context { get; }

    /// <summary>The stage's own; the first of several.</summary>
    protected TaskData Task { get; }

    protected OptimizationSpec Optimization { get; }

    protected StepPlan Plan { get; }

    /// <summary>What is drawn, of whichever task.</summary>
    protected DataStream Stream { get; }

    protected PolicyOptimizer Optimizer { get; }

    protected Device Device { get; }

    protected bool Bfloat16 { get; }

    public abstract void Preflight(CancellationToken cancellationToken);

    public StepReport RunStep(CancellationToken cancellationToken)
    {
        if (Finished) throw new InvalidOperationException($"all {StepsDue} steps are done");
        ThrowIfStopped(cancellationToken);
        if (_stopCheckPending)
        {
            PayStopCheck(cancellationToken);
            if (StoppedEarly) return _newest! with { StopAccuracy = History.Points[^1].StopAccuracy };
        }

        EstimatePenalty(cancellationToken);
        StepReport report;
        // Each worker drops other inputs: the golden ratio's bits keep their seeds apart, and one worker alone has the seed itself.
        var rank = (ulong)(Context.Workers?.Rank ?? 0);
        Context.Policy.Adapter?.BeginStep(unchecked(Seeds.Of(Context.Training.Seed, Seeds.Purpose.AdapterDropout, Step + 1) + (rank * 0x9E3779B97F4A7C15)));
        using (torch.NewDisposeScope())
        {
            var penalty = Optimizer.Penalty?.Value();
            report = Train(Step + 1, ref _position, cancellationToken);
            if (penalty is { } value) report = report with { Loss = Finite.Loss(report.Loss + value, Step + 1), Penalty = value };
        }

        Step++;
        Tokens += report.Tokens;
        // Weights have changed: from here the step must be completed. The one long thing left may be put off to the resume.
        if (_stopCheck is not null && (Step % Optimization.StopCheckSteps == 0 || Step == StepsDue))
        {
            try
            {
                report = report with { StopAccuracy = CheckStop(cancellationToken) };
            }
            catch (OperationCanceledException)
            {
                _stopCheckPending = true;
            }
        }

        History.Add(report);
        return _newest = report;
    }

    public IReadOnlyDictionary<string, Tensor> OptimizerState() => Optimizer.State();

    public JsonObject SaveState() => new LoopState
    {
        Method = Context.Training.Method,
        Step = Step,
        StepsDue = StepsDue,
        Updates = Optimizer.Updates,
        Position = _position,
        Tokens = Tokens,
        StoppedEarly = StoppedEarly,
        StopCheckPending = _stopCheckPending,
    }.ToJson(History);

    public void LoadState(JsonObject state, IReadOnlyDictionary<string, Tensor> optimizer)
    {
        var (loaded, history) = LoopState.Read(state, Context.Training.Method, StepsDue);
        Optimizer.Load(optimizer, loaded.Updates);
        Step = loaded.Step;
        Tokens = loaded.Tokens;
        StoppedEarly = loaded.StoppedEarly;
        History = history;
        _position = loaded.Position;
        if (loaded.StopCheckPending) PayStopCheck(CancellationToken.None);
    }

    public virtual void Dispose()
    {
        Optimizer.Penalty?.Dispose();
        Optimizer.Dispose();
        _input?.Dispose();
    }

    /// <summary>Does 1-based <paramref name="step"/>; may throw for cancellation only before it changes a weight or <paramref name="position"/>.</summary>
    protected abstract StepReport Train(int step, ref long position, CancellationToken cancellationToken);

    /// <summary>With several workers all stop here, or none.</summary>
    protected void ThrowIfStopped(CancellationToken cancellationToken)
    {
        if (Context.Workers is { } workers) workers.ThrowIfStopped(cancellationToken);
        else cancellationToken.ThrowIfCancellationRequested();
    }

    protected double LearningRate(int step) => LearningRates.At(Optimization, step - 1, StepsDue);

    /// <summary>The model at the stage's input weights: not what a resumed stage begins with.</summary>
    protected CausalLM Input => _input ??= (Context.Input ?? throw new InvalidOperationException("something is held to the stage's input, but nothing loads it"))();

    /// <summary>What every sequence must fit.</summary>
    protected TokenLimit Limit => _limit;

    private TaskSource[] Sources(IReadOnlyList<TaskInput> wanted, IReadOnlyList<TaskData> given, PromptStyle style, bool replayed)
    {
        if (wanted.Count != given.Count) throw new InvalidOperationException($"the stage trains on {wanted.Count} tasks, and {given.Count} were loaded");
        return [.. wanted.Zip(given, (input, task) => TaskSource.Of(task.WithScorer(input.Scorer), Context.Policy, Context.Tokenizer, style, replayed))];
    }

    /// <summary>
    /// Before the first step that this process does, whichever that is: a function of the stage's input, not of the weights as they stand, so that a resumed stage is held to the same.
    /// Each of several workers computes all of it, to the same bits.
    /// </summary>
    private void EstimatePenalty(CancellationToken cancellationToken)
    {
        if (Optimizer.Penalty is not null || Context.Training.Regularization?.Ewc is not { } ewc) return;
        if (Context.Training.Freeze is { Count: > 0 } frozen) Input.Freeze(frozen);
        Input.GradientCheckpointing = Context.Memory.GradientCheckpointing;
        var sequences = FisherInformation.Samples(_protected, ewc, Context.Training.Seed).Select(drawn =>
        {
            var (prompt, target) = (drawn.From.Prompts.Prompt(drawn.Sample), drawn.From.Prompts.Target(drawn.Sample));
            Limit.Check(drawn.From.Task, drawn.Sample, prompt.Length, target.Length, "answer tokens");
            return TrainingSequence.Of(prompt, target);
        }).ToList();
        var fisher = FisherInformation.Of(Input, sequences, Bfloat16, Context.Tokenizer.PadTokenId, () => ThrowIfStopped(cancellationToken));
        Optimizer.Penalty = new Ewc(ewc.Lambda, Values(Context.Policy), Values(Input), fisher);

        static Tensor[] Values(CausalLM model) => [.. model.TrainedParameters.Select(parameter => parameter.Value)];
    }

    private void PayStopCheck(CancellationToken cancellationToken)
    {
        History.Amend(CheckStop(cancellationToken));
        _stopCheckPending = false;
    }

    private double CheckStop(CancellationToken cancellationToken)
    {
        var accuracy = _stopCheck!.Accuracy(Step, cancellationToken);
        StoppedEarly = Step < StepsDue && accuracy >= Optimization.StopAtAccuracy;
        return accuracy;
    }
}

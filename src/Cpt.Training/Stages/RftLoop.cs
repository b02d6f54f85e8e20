using System.Globalization;
using Cpt.Contract;
using Cpt.Models;

namespace Cpt.Training;

/// <summary>
/// Reinforcement fine-tuning on rewards of the policy's own rollouts.
/// <code>
/// for each step: take the next B prompts
///     sample G rollouts a prompt, reward them                                     <see cref="RolloutSampler"/>
///     advantages                                                                  <see cref="Advantages"/>
///     for each of M mini-batches: clipped policy loss + β KL, clip, AdamW         <see cref="PolicyUpdate"/>
/// </code>
/// </summary>
internal sealed class RftLoop : StageLoop
{
    private const int BarrenStepsToWarn = 10;

    private readonly RftSpec _rft;
    private readonly RolloutSampler _sampler;
    private readonly PolicyUpdate _update;
    private CausalLM? _reference;
    private int _barrenSteps;

    public RftLoop(StageContext context)
        : base(context, (context.Training.Rft ?? throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", "rft: missing; method RFT needs it")).Prompt)
    {
        _rft = RftRules.Check(context.Training.Rft!, Optimization);
        // A replayed prompt is judged by its own task's scorer alone: components and services know this stage's samples.
        RewardModel Rewards(TaskSource from) => from.Replayed
            ? new(from.Task.Scorer, _rft.Prompt, _rft.AccuracyWeight > 0 ? _rft.AccuracyWeight : 1, _rft.FormatWeight)
            : RewardModel.Of(context, from.Task, _rft);
        _sampler = new RolloutSampler(context.Policy, Rewards, _rft, context.Workers);
        _sampler.Prepare(Stream.Sources);
        var inPolicy = context.ReferenceIsInput && context.Policy.Adapter is not null;
        if (_rft.KlReference != KlReference.None && !inPolicy)
        {
            _reference = (context.Reference ?? throw new InvalidOperationException($"kl.reference is {_rft.KlReference}, but nothing loads it"))();
        }

        var reference = _rft.KlReference == KlReference.None ? null
            : new ResponseLogProbs(_reference ?? context.Policy, Bfloat16, _rft.Temperature) { WithoutAdapter = inPolicy };
        _update = new PolicyUpdate(context.Policy, reference, _rft, Optimization, Optimizer, Bfloat16, context.Tokenizer.PadTokenId, Device, context.Workers);
    }

    public override void Preflight(CancellationToken cancellationToken)
    {
        foreach (var drawn in Stream.All)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fits(drawn);
        }

        if (_rft.PreflightRollouts <= 0) return;
        var prompts = Math.Min(Stream.Count, (_rft.PreflightRollouts + _rft.GroupSize - 1) / _rft.GroupSize);
        // What was learned before says nothing of whether this stage can be.
        var samples = Stream.TakeOwn(prompts);
        var groups = _sampler.Sample(samples, _rft.GroupSize, Seeds.Of(Context.Training.Seed, Seeds.Purpose.Preflight), step: 0, cancellationToken);
        Training.Preflight.Judge(groups, Task, _rft, Context.Tokenizer, Context.Log);
    }

    protected override StepReport Train(int step, ref long position, CancellationToken cancellationToken)
    {
        var sampledBefore = _sampler.SampledTokens;
        var next = position;
        var drawn = Draw(step, ref next, out var kept, cancellationToken);
        ThrowIfStopped(cancellationToken);

        var learningRate = LearningRate(step);
        var update = _update.Run(kept, learningRate, step, cancellationToken);
        position = next;

        var statistics = RolloutStatistics.Of(drawn);
        WarnWhenNothingIsLearned(step, drawn, statistics);
        return new StepReport
        {
            Step = step,
            StepsDue = StepsDue,
            Loss = update.Loss,
            GradientNorm = update.GradientNorm,
            LearningRate = learningRate,
            Tokens = update.Tokens + _sampler.SampledTokens - sampledBefore,
            Reward = statistics.Reward,
            RewardStd = statistics.RewardStd,
            Accuracy = statistics.Accuracy,
            ResponseTokens = statistics.ResponseTokens,
            EqualGroups = statistics.EqualGroups,
            Kl = update.Kl,
            ClipFraction = update.ClipFraction,
        };
    }

    public override void Dispose()
    {
        _sampler.Dispose();
        _reference?.Dispose();
        _reference = null;
        base.Dispose();
    }

    // A collapsed policy earns nothing and raises no error; a finished one earns everything. People must hear of the first.
    private void WarnWhenNothingIsLearned(int step, List<RolloutGroup> groups, RolloutStatistics statistics)
    {
        _barrenSteps = groups.TrueForAll(group => group.AllEqual && !group.Teaches) && statistics.Accuracy < 1 ? _barrenSteps + 1 : 0;
        if (_barrenSteps != BarrenStepsToWarn) return;
        Context.Log?.Invoke(string.Create(
            CultureInfo.InvariantCulture,
            $"step {step}: for {BarrenStepsToWarn} steps all rewards within every group were equal (mean reward {statistics.Reward:0.###}, {statistics.ResponseTokens:0.#} tokens a response), so nothing was learned; " +
            $"if the reward was higher before, the policy has collapsed: lower parameters.learningRate or raise rft.klCoefficient"));
    }

    /// <summary>
    /// One batch of prompts; with dynamic sampling (DAPO, arXiv:2503.14476) groups whose rewards are all equal are dropped, and further batches
    /// are drawn until as many groups are kept as were asked for.
    /// </summary>
    /// <returns>Everything drawn; <paramref name="kept"/> is what is trained on.</returns>
    private List<RolloutGroup> Draw(int step, ref long position, out List<RolloutGroup> kept, CancellationToken cancellationToken)
    {
        var (_, wanted) = Plan.Stretch(step - 1);
        var drawn = new List<RolloutGroup>();
        kept = [];
        for (var draw = 0; draw <= _rft.DynamicSamplingBatches && kept.Count < wanted; draw++)
        {
            var samples = Array.ConvertAll(Stream.Take(position, wanted), Fits);
            position += wanted;
            var seed = Seeds.Of(Context.Training.Seed, Seeds.Purpose.Rollout, step, draw);
            var groups = _sampler.Sample(samples, _rft.GroupSize, seed, step, cancellationToken);
            drawn.AddRange(groups);
            var useful = _rft.DynamicSamplingBatches > 0 ? groups.Where(group => !group.AllEqual) : groups;
            kept.AddRange(useful.Take(wanted - kept.Count));
        }

        return drawn;
    }

    private DrawnSample Fits(DrawnSample drawn)
    {
        Limit.Check(drawn.From.Task, drawn.Sample, drawn.From.Prompts.Prompt(drawn.Sample).Length, _rft.MaxResponseTokens, "response tokens (rft.maxResponseTokens)");
        return drawn;
    }
}

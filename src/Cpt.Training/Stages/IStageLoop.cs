using System.Text.Json.Nodes;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// The training of one stage, step by step, over the policy it was made with. Weights, <see cref="OptimizerState"/> and <see cref="SaveState"/>
/// between two steps are all there is: loaded into fresh objects they continue to the same bits as an undisturbed loop on the same thread count.
/// Not thread-safe.
/// </summary>
public interface IStageLoop : IDisposable
{
    /// <summary>Steps done.</summary>
    int Step { get; }

    /// <summary>Steps due; fewer are done when <see cref="StoppedEarly"/>.</summary>
    int StepsDue { get; }

    /// <summary>All due steps are done, or the stage met its <c>stopAtAccuracy</c>.</summary>
    bool Finished { get; }

    /// <summary>The stage met its <c>stopAtAccuracy</c>.</summary>
    bool StoppedEarly { get; }

    /// <summary>Tokens that went through training forward passes and, in RFT, were sampled; since step 0, also across resumes.</summary>
    long Tokens { get; }

    /// <summary>Curves since step 0, also across resumes.</summary>
    MetricsHistory History { get; }

    /// <summary>
    /// Looks for what would waste the stage, before its first step: a sample longer than the context (<c>SampleTooLong</c>), rollouts none of which
    /// earns anything (<c>NoRewardSignal</c>). Draws no random number that a step draws; a resumed stage need not repeat it.
    /// </summary>
    /// <exception cref="Contract.StageFailureException">The stage cannot succeed; the message shows an example.</exception>
    void Preflight(CancellationToken cancellationToken);

    /// <summary>
    /// Does one step. A cancelled step has changed nothing: weights and state still stand at <see cref="Step"/>. Only the look at <c>stopAtAccuracy</c>
    /// may be cancelled after a step; the step then counts, and the look is owed to the next call or to <see cref="LoadState"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled before the first weight changed.</exception>
    /// <exception cref="Contract.StageFailureException"><c>NonFiniteLoss</c>, <c>NonFiniteGradient</c> or <c>NonFiniteReward</c>, naming step and value.</exception>
    StepReport RunStep(CancellationToken cancellationToken);

    /// <summary>Named moments of the optimizer, owned by the loop and valid until the next step; empty before the first.</summary>
    IReadOnlyDictionary<string, Tensor> OptimizerState();

    /// <summary>Everything else a resume needs, beside weights and <see cref="OptimizerState"/>.</summary>
    JsonObject SaveState();

    /// <summary>Continues from what <see cref="SaveState"/> and <see cref="OptimizerState"/> gave; the policy must hold the weights of that step.</summary>
    /// <exception cref="Contract.StageFailureException"><c>CorruptCheckpoint</c>: the state is of another stage, or incomplete.</exception>
    void LoadState(JsonObject state, IReadOnlyDictionary<string, Tensor> optimizer);
}

using Cpt.Contract;

namespace Cpt.Training;

/// <summary>What is asked of the input policy before step 1: how often each train sample is answered, how, and what counts as solved.</summary>
/// <param name="Rollouts">Of each sample.</param>
/// <param name="MinimumReward">A rollout that earns less does not solve its sample.</param>
/// <param name="Sampling">Prompt, reward, temperature and lengths.</param>
/// <param name="KeptTokens">Whose tokens are kept, since they are learned; null: nobody's.</param>
/// <param name="LimitField">The manifest's name of the longest response.</param>
public sealed record InstanceQuestion(int Rollouts, double MinimumReward, RftSpec Sampling, ValidRollouts? KeptTokens, string LimitField)
{
    /// <summary>What a stage asks; null where it learns from every sample as it is.</summary>
    public static InstanceQuestion? Of(TrainingSpec training) => training switch
    {
        { Rft: { InstanceFilter: { } filter } rft } => new InstanceQuestion(filter.Rollouts, filter.MinimumReward, rft, null, "rft.maxResponseTokens"),
        { SelfDistillation: { } own } => new InstanceQuestion(own.Rollouts, own.MinimumReward, SamplingOf(own), own.PerSample, "selfDistillation.maxResponseTokens"),
        _ => null,
    };

    private static RftSpec SamplingOf(SelfDistillationSpec own) => new()
    {
        Prompt = own.Prompt,
        // The reward of arXiv:2507.05386 for answers that show their thinking.
        AccuracyWeight = own.Prompt == PromptStyle.ChainOfThought ? 0.9 : 1,
        FormatWeight = own.Prompt == PromptStyle.ChainOfThought ? 0.1 : 0,
        Temperature = own.Temperature,
        TopP = own.TopP,
        MaxResponseTokens = own.MaxResponseTokens,
        RolloutThreads = own.RolloutThreads,
    };
}

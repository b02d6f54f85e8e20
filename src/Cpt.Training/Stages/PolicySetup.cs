using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Makes of a freshly loaded model the policy that a stage trains: which weights move, beside what, and what is kept in memory for it.</summary>
internal static class PolicySetup
{
    /// <exception cref="StageFailureException"><c>InvalidParameter</c>: the model has no such layers or weights.</exception>
    public static void Apply(StageContext context)
    {
        var (training, policy) = (context.Training, context.Policy);
        policy.GradientCheckpointing = context.Memory.GradientCheckpointing;
        if (training.Lora is { } lora)
        {
            if (training.Freeze is not null)
                throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", "freeze: stands beside lora, which freezes every weight; leave one of them out");
            Refusing("lora.targets", () => policy.Attach(LoraAdapter.Create(policy, Options(lora), Seeds.Of(training.Seed, Seeds.Purpose.AdapterStart), TypeOf(training.Optimization))));
        }
        else if (training.Freeze is { Count: > 0 } patterns)
        {
            Refusing("freeze", () => policy.Freeze(patterns));
        }
    }

    private static LoraOptions Options(LoraSpec lora) => new()
    {
        Rank = lora.Rank,
        Alpha = lora.Alpha,
        Dropout = lora.Dropout,
        Targets = lora.Targets,
        VisionTower = lora.VisionTower,
        RankStabilized = lora.RankStabilized,
    };

    // An adapter is small: float32 costs nothing beside bfloat16 weights, and needs no master copy.
    private static ScalarType TypeOf(OptimizationSpec optimization) => optimization.Precision == Precision.BFloat16Pure ? ScalarType.BFloat16 : ScalarType.Float32;

    private static void Refusing(string field, Action action)
    {
        try
        {
            action();
        }
        catch (AdaptationException wrong)
        {
            throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", $"{field}: {wrong.Message}", wrong);
        }
    }
}

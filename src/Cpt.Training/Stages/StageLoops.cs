using Cpt.Contract;

namespace Cpt.Training;

/// <summary>Makes the loop that a stage's method asks for.</summary>
public static class StageLoops
{
    /// <exception cref="StageFailureException">The spec asks for something impossible (<c>BadSpec</c>) or the task has no sample to train on.</exception>
    public static IStageLoop Create(StageContext context) => context.Training.Method switch
    {
        StageMethod.SFT => new SftLoop(context),
        StageMethod.RFT => new RftLoop(context),
        _ => throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", $"method: {context.Training.Method} is not a method; use SFT or RFT"),
    };
}

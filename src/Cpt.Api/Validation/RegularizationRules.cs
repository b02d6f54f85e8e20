namespace Cpt.Api.Validation;

/// <summary>What a stage's regularization can stand beside.</summary>
internal static class RegularizationRules
{
    private const string Block = "regularization";

    private static readonly Func<RunStage, RegularizationSettings, (string Field, string Message)?>[] s_rules = [NamesSomething, LwfIsForSft, EwcHoldsTheModelsWeights, EwcSeesSmallChanges];

    public static IEnumerable<FieldError> Check(ContinualRun run)
    {
        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            foreach (var rule in stage.Regularization is null ? [] : s_rules)
            {
                if (rule(stage, stage.Regularization!) is var (field, message))
                {
                    yield return new FieldError(StageRules.Path(index, field), message);
                }
            }
        }
    }

    private static (string Field, string Message)? NamesSomething(RunStage stage, RegularizationSettings terms) =>
        terms is { Ewc: null, Lwf: null } ? (Block, "names no term; give ewc: {lambda: \"400\"} or lwf: {weight: \"1\"}, or leave it out") : null;

    private static (string Field, string Message)? LwfIsForSft(RunStage stage, RegularizationSettings terms) =>
        terms.Lwf is not null && stage.Method != Method.SFT
            ? ($"{Block}.lwf", $"is only for method SFT; the method of stage \"{stage.Name}\" is {stage.Method}, which has the same as rft.klCoefficient with rft.kl.reference PreviousStage")
            : null;

    private static (string Field, string Message)? EwcHoldsTheModelsWeights(RunStage stage, RegularizationSettings terms) =>
        terms.Ewc is not null && stage.Lora is not null
            ? ($"{Block}.ewc", "stands beside lora, which freezes every weight that ewc would hold; leave one of them out, or keep adapters apart by lora.orthogonal")
            : null;

    private static (string Field, string Message)? EwcSeesSmallChanges(RunStage stage, RegularizationSettings terms) =>
        terms.Ewc is not null && stage.Parameters?.GetValueOrDefault(StageParameters.Precision) is { } precision && precision.StartsWith("bfloat16-", StringComparison.Ordinal)
            ? ($"{Block}.ewc", $"measures how far each weight moved, which {precision} rounds away (parameters.precision); use float32 or bfloat16")
            : null;
}

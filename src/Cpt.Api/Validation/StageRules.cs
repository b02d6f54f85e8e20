using System.Globalization;
using Cpt.Api.Reading;

namespace Cpt.Api.Validation;

/// <summary>Rules of a single stage.</summary>
internal static class StageRules
{
    public static IEnumerable<FieldError> BlocksFitTheMethod(ContinualRun run) =>
        run.Spec.Stages.Index()
            .Where(entry => entry.Item.Method != Method.RFT && entry.Item.Rft is not null)
            .Select(entry => new FieldError(Path(entry.Index, "rft"), $"is only for method RFT; the method of stage \"{entry.Item.Name}\" is {entry.Item.Method}"));

    public static IEnumerable<FieldError> LoraFreezesAll(ContinualRun run) =>
        run.Spec.Stages.Index()
            .Where(entry => entry.Item is { Lora: not null, Freeze.Count: > 0 })
            .Select(entry => new FieldError(Path(entry.Index, "freeze"), "stands beside lora, which freezes every weight of the model; choose what is adapted by lora.targets and lora.visionTower"));

    public static IEnumerable<FieldError> PackingIsForSft(ContinualRun run) =>
        run.Spec.Stages.Index()
            .Where(entry => entry.Item.Method != Method.SFT && entry.Item.Parameters?.GetValueOrDefault(StageParameters.PackSequences) == "true")
            .Select(entry => new FieldError(Path(entry.Index, $"parameters.{StageParameters.PackSequences}"), $"\"true\" is only for method SFT; the method of stage \"{entry.Item.Name}\" is {entry.Item.Method}"));

    public static IEnumerable<FieldError> ParametersAreKnown(ContinualRun run)
    {
        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            foreach (var (key, value) in stage.Parameters ?? new Dictionary<string, string>(StringComparer.Ordinal))
            {
                var problem = StageParameters.Rules.TryGetValue(key, out var rule) ? rule.Check(value) : Unknown(key, stage);
                if (problem is not null)
                {
                    yield return new FieldError(Path(index, $"parameters.{key}"), problem);
                }
            }
        }
    }

    public static IEnumerable<FieldError> StepsOrEpochs(ContinualRun run) =>
        run.Spec.Stages.Index()
            .Where(entry => Given(entry.Item, StageParameters.Steps) && Given(entry.Item, StageParameters.Epochs))
            .Select(entry => new FieldError(Path(entry.Index, "parameters.epochs"), "stands beside steps, which says the same in another unit; keep one of them"));

    public static IEnumerable<FieldError> ReplayLooksBack(ContinualRun run)
    {
        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            var earlier = run.Spec.Stages.Take(index).Select(before => before.Name).ToList();
            var named = stage.Replay?.FromStages ?? [];
            foreach (var (place, name) in named.Index())
            {
                if (named.Take(place).Contains(name, StringComparer.Ordinal))
                {
                    yield return new FieldError(
                        Path(index, string.Create(CultureInfo.InvariantCulture, $"replay.fromStages[{place}]")), $"\"{name}\" stands there already; its share is counted once");
                }
                else if (!earlier.Contains(name, StringComparer.Ordinal))
                {
                    yield return new FieldError(
                        Path(index, string.Create(CultureInfo.InvariantCulture, $"replay.fromStages[{place}]")),
                        earlier.Count == 0 ? $"\"{name}\" is not an earlier stage; this one is the first" : $"\"{name}\" is not an earlier stage; use one of {string.Join(", ", earlier)}");
                }
            }
        }
    }

    public static string Path(int stage, string field) => string.Create(CultureInfo.InvariantCulture, $"spec.stages[{stage}].{field}");

    private static bool Given(RunStage stage, string parameter) => stage.Parameters?.ContainsKey(parameter) == true;

    private static string Unknown(string key, RunStage stage)
    {
        if (Nearest.To(key, StageParameters.Rules.Keys) is { } near)
        {
            return $"unknown parameter; did you mean {near}?";
        }

        return stage.Method == Method.RFT && Field.Of(typeof(RftSettings)).Any(field => field.Name == key)
            ? $"unknown parameter; {key} belongs under rft"
            : $"unknown parameter; known are {string.Join(", ", StageParameters.Rules.Keys)}";
    }
}

using System.Globalization;

namespace Cpt.Api.Validation;

/// <summary>A stage learns one task or several, and each is a column of its own.</summary>
internal static class TaskRules
{
    public static IEnumerable<FieldError> OneOrSeveral(ContinualRun run)
    {
        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            if (stage is { Task: null, Tasks: null })
            {
                yield return new FieldError(StageRules.Path(index, "task"), $"is missing; stage \"{stage.Name}\" needs a task: {{uri: …}}, or tasks: [{{name: …, uri: …}}] to learn several together");
            }
            else if (stage is { Task: not null, Tasks: not null })
            {
                yield return new FieldError(StageRules.Path(index, "tasks"), "stands beside task; keep one of them: task for one, tasks for several that are learned together");
            }
        }
    }

    /// <summary>Stages among themselves are another rule's.</summary>
    public static IEnumerable<FieldError> ColumnsAreUnique(ContinualRun run)
    {
        var taken = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            taken.TryAdd(stage.Name, string.Create(CultureInfo.InvariantCulture, $"spec.stages[{index}]"));
        }

        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            foreach (var (place, task) in (stage.Tasks ?? []).Index())
            {
                var path = StageRules.Path(index, string.Create(CultureInfo.InvariantCulture, $"tasks[{place}]"));
                if (!taken.TryAdd(task.Name, path))
                {
                    yield return new FieldError($"{path}.name", $"\"{task.Name}\" is the name of {taken[task.Name]} already; each task is a column of the matrix, and stages and tasks need names of their own");
                }
            }
        }
    }
}

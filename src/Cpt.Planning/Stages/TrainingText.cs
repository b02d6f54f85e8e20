using System.Globalization;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>What a stage trains on, in a few words: <c>SFT on generated://digits/half, 10 % of every batch replayed from parity</c>.</summary>
public static class TrainingText
{
    public static string Of(TrainingSpec training) => $"{training.Method} on {Tasks(training)}{Beside(training)}";

    /// <summary>The task's URI, or the names of those that are learned together.</summary>
    public static string Tasks(TrainingSpec training) => training.JointTasks is { } joint ? $"{Names([training.Task, .. joint])} together" : training.Task.Uri;

    /// <summary>The same without the task; empty where there is nothing else.</summary>
    public static string Beside(TrainingSpec training)
    {
        var parts = new List<string>();
        if (training.Replay is { } replay)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{replay.Percentage} % of every batch replayed from {Names(replay.Tasks)}"));
        }

        if (training.Regularization?.Ewc is { } ewc)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"EWC (λ {ewc.Lambda}) for {Names(ewc.Tasks)}"));
        }

        if (training.Regularization?.Lwf is { } lwf)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"LwF (weight {lwf.Weight}, T {lwf.Temperature})"));
        }

        return string.Concat(parts.Select(part => $", {part}"));
    }

    private static string Names(IReadOnlyList<TaskInput> tasks) =>
        tasks.Count == 1 ? tasks[0].Name : $"{string.Join(", ", tasks.Take(tasks.Count - 1).Select(task => task.Name))} and {tasks[^1].Name}";
}

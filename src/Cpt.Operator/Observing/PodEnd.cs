using System.Text.Json;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Planning;

namespace Cpt.Operator.Observing;

/// <summary>How one pod of an attempt ended.</summary>
internal sealed record PodEnd(int? ExitCode, IReadOnlyList<string> Reasons, string? Message, StageResult? Result, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>Null while it may go on.</summary>
    public static PodEnd? Of(Pod pod)
    {
        var terminated = PodReasons.Trainer(pod)?.State?.Terminated;
        if (terminated is null && pod.Status?.Phase is not ("Failed" or "Succeeded"))
        {
            return null;
        }

        return new PodEnd(
            terminated?.ExitCode, PodReasons.Of(pod), PodReasons.Message(pod), ResultOf(terminated?.Message), terminated?.StartedAt ?? pod.Status?.StartTime, terminated?.FinishedAt);
    }

    /// <summary>
    /// The pod that decided the attempt. Of several workers the others fail after the first one: bad input is believed from any of them, then a pod that was taken away, then
    /// whoever ended first.
    /// </summary>
    public static PodEnd? Deciding(IEnumerable<PodEnd> ends) =>
        ends.OrderBy(end => end.Rank).ThenBy(end => end.FinishedAt ?? DateTimeOffset.MaxValue).FirstOrDefault();

    private int Rank => ExitCode switch
    {
        { } code when ExitCodes.IsPermanent(code) => 0,
        _ when AttemptEnds.Of(AsFailed()) == AttemptEnd.Preempted && ExitCode != ExitCodes.Stopped => 1,
        ExitCodes.Done => 3,
        _ => 2,
    };

    private ObservedJob AsFailed() => new() { Name = "", Stage = "", StageHash = "", Attempt = 1, Phase = JobPhase.Failed, ExitCode = ExitCode, Reasons = Reasons };

    private static StageResult? ResultOf(string? message)
    {
        if (message is null || !message.StartsWith('{'))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(message, ContractJson.Default.StageResult);
        }
        catch (JsonException)
        {
            // Cut short, or another program's.
            return null;
        }
    }
}

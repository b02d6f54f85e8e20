using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>
/// Patches of a Job's status. Servers from 1.31 on check them: a finished Job has a startTime and nothing active, ready or terminating; Complete comes with
/// SuccessCriteriaMet and a completionTime, Failed comes with FailureTarget and without one. Older servers know none of that, and take it.
/// </summary>
internal static class JobStatuses
{
    public static Patch Active(Job job, int active, JobLedger ledger, DateTimeOffset now) => Of(new()
    {
        ["active"] = active,
        ["succeeded"] = NullIfNone(ledger.Succeeded),
        ["failed"] = NullIfNone(ledger.Failed),
        ["startTime"] = Text(job.Status?.StartTime ?? now),
        ["conditions"] = job.Status?.Conditions?.Exists(condition => condition is { Type: "Suspended", IsTrue: true }) == true
            ? Conditions(job, now, ("Suspended", "False", "JobResumed", "Job resumed"))
            : null,
    });

    public static Patch Suspended(Job job, int active, DateTimeOffset now) => Of(new()
    {
        ["active"] = NullIfNone(active),
        ["ready"] = 0,
        ["startTime"] = null,
        ["conditions"] = Conditions(job, now, ("Suspended", "True", "JobSuspended", "Job suspended")),
    });

    public static Patch Complete(Job job, JobLedger ledger, DateTimeOffset now)
    {
        var started = job.Status?.StartTime ?? now;
        const string message = "Reached expected number of succeeded pods";
        return Of(new()
        {
            ["active"] = null,
            ["ready"] = 0,
            ["succeeded"] = ledger.Succeeded,
            ["failed"] = NullIfNone(ledger.Failed),
            ["completedIndexes"] = job.Spec.CompletionMode == "Indexed" ? Ranges(ledger.SucceededIndexes()) : null,
            ["startTime"] = Text(started),
            ["completionTime"] = Text(now < started ? started : now),
            ["conditions"] = Conditions(job, now, ("SuccessCriteriaMet", "True", "CompletionsReached", message), ("Complete", "True", "CompletionsReached", message)),
        });
    }

    public static Patch Failed(Job job, JobLedger ledger, string reason, string message, DateTimeOffset now) => Of(new()
    {
        ["active"] = null,
        ["ready"] = 0,
        ["succeeded"] = NullIfNone(ledger.Succeeded),
        ["failed"] = ledger.Failed,
        ["completedIndexes"] = job.Spec.CompletionMode == "Indexed" && ledger.SucceededIndexes() is { Count: > 0 } done ? Ranges(done) : null,
        ["startTime"] = Text(job.Status?.StartTime ?? now),
        ["conditions"] = Conditions(job, now, ("FailureTarget", "True", reason, message), ("Failed", "True", reason, message)),
    });

    /// <summary><c>0-3,5</c>.</summary>
    internal static string Ranges(IReadOnlyList<int> ordered)
    {
        var parts = new List<string>();
        for (var i = 0; i < ordered.Count;)
        {
            var first = ordered[i];
            var last = first;
            while (++i < ordered.Count && ordered[i] == last + 1)
            {
                last++;
            }

            parts.Add(first == last ? Number(first) : Number(first) + (last == first + 1 ? "," : "-") + Number(last));
        }

        return string.Join(',', parts);

        static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The conditions that stand, with these set. A merge patch replaces lists whole.</summary>
    private static JsonArray Conditions(Job job, DateTimeOffset now, params (string Type, string Status, string Reason, string Message)[] set)
    {
        var all = new JsonArray();
        foreach (var standing in job.Status?.Conditions ?? [])
        {
            if (!set.Any(one => one.Type == standing.Type))
            {
                all.Add(JsonSerializer.SerializeToNode(standing, KubernetesJson.Default.Condition));
            }
        }

        foreach (var (type, status, reason, message) in set)
        {
            all.Add(new JsonObject
            {
                ["type"] = type,
                ["status"] = status,
                ["lastProbeTime"] = Text(now),
                ["lastTransitionTime"] = Text(now),
                ["reason"] = reason,
                ["message"] = message,
            });
        }

        return all;
    }

    private static Patch Of(JsonObject status)
    {
        // In a merge patch null removes; conditions that nobody changes are left as they are.
        if (status.TryGetPropertyValue("conditions", out var conditions) && conditions is null)
        {
            status.Remove("conditions");
        }

        return Patch.Set("status", status);
    }

    private static JsonValue? NullIfNone(int count) => count == 0 ? null : JsonValue.Create(count);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}

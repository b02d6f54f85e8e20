using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.Operator.Jobs;

/// <summary>
/// Lets the server judge a template before its first attempt, by a dry run: a run whose pod cannot be made is refused with the field, instead of failing at each of its stages. Servers drop
/// what they do not know; what came back without a field that was asked for is refused too.
/// </summary>
internal sealed partial class PodCheck(KubernetesClient client)
{
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, bool> _good = new(StringComparer.Ordinal);

    /// <returns>Null: the server takes it.</returns>
    /// <exception cref="KubernetesException">The server could not judge: it is away, or it does not let us.</exception>
    public async Task<FieldError?> CheckAsync(Job job, ContinualRun run, Workload workload, CancellationToken cancellation)
    {
        var key = Key(job);
        if (_good.ContainsKey(key))
        {
            return null;
        }

        if (await JudgeAsync(job, run, workload, cancellation) is { } fault)
        {
            return fault;
        }

        if (_good.Count >= MostRemembered)
        {
            _good.Clear();
        }

        _good[key] = true;
        return null;
    }

    /// <summary>The server's word on a Job that it refused as such; null where it refused for another reason.</summary>
    public static FieldError? Fault(KubernetesException refusal, Workload workload)
    {
        if (!refusal.IsInvalid && refusal.Code != HttpStatusCode.BadRequest)
        {
            return null;
        }

        var causes = refusal.Causes.Where(cause => !string.IsNullOrEmpty(cause.Field)).ToList();
        return causes.Count == 0
            ? new FieldError(PathOf("", workload), $"the server refuses the pod: {refusal.Status.Message}")
            : new FieldError(PathOf(causes[0].Field!, workload), $"the server refuses the pod: {string.Join("; ", causes.Select(cause => $"{cause.Field}: {cause.Message}"))}");
    }

    private async Task<FieldError?> JudgeAsync(Job job, ContinualRun run, Workload workload, CancellationToken cancellation)
    {
        try
        {
            return Dropped(await TryAsync(job, FieldValidation.Strict, cancellation), job, run, workload);
        }
        catch (KubernetesException refusal) when (refusal.IsAlreadyExists)
        {
            return null;
        }
        catch (KubernetesException refusal) when (refusal.Code == HttpStatusCode.BadRequest && Unknown().IsMatch(refusal.Message))
        {
            var unknown = Unknown().Matches(refusal.Message).Select(match => match.Groups["field"].Value).Where(field => field.StartsWith("spec.template.spec.", StringComparison.Ordinal)).ToList();
            return unknown.Count > 0
                ? new FieldError(PathOf(unknown[0], workload), $"the server does not know {string.Join(", ", unknown.Select(field => field["spec.template.spec.".Length..]))} in a pod's spec")
                // Only fields of the operator's own that are younger than the server.
                : Dropped(await TryAsync(job, FieldValidation.Ignore, cancellation), job, run, workload);
        }
        catch (KubernetesException refusal) when (Fault(refusal, workload) is { } fault)
        {
            return fault;
        }
    }

    private Task<Job> TryAsync(Job job, FieldValidation validation, CancellationToken cancellation) =>
        client.CreateAsync(job, new WriteOptions { DryRun = true, FieldValidation = validation }, cancellation);

    private static FieldError? Dropped(Job answer, Job job, ContinualRun run, Workload workload)
    {
        if (job.Spec.CompletionMode is not null && answer.Spec.CompletionMode is null)
        {
            return new FieldError(workload.PathOf("nodes"), $"{workload.Nodes} needs Indexed Jobs, which this server does not have (Kubernetes 1.22 and later do); use 1");
        }

        if (job.Spec.Suspend == true && answer.Spec.Suspend != true)
        {
            return new FieldError("spec.queue", $"\"{run.Spec.Queue?.Name}\" needs Jobs that can be created suspended, which this server does not have (Kubernetes 1.22 and later do); leave it out");
        }

        if (workload.PodOverrides is { } overrides
            && Missing(overrides, JsonSerializer.SerializeToNode(answer.Spec.Template.Spec, OperatorJson.Default.PodSpec)!.AsObject(), "") is { } missing)
        {
            return new FieldError($"{workload.PathOf("podOverrides")}.{missing}", "the server does not know this field of a pod's spec");
        }

        return null;
    }

    /// <summary>The first member that was asked for and did not come back. Empty values may be left out; lists are the server's to judge.</summary>
    private static string? Missing(JsonObject asked, JsonObject answered, string path)
    {
        foreach (var (name, value) in asked)
        {
            if (value is null or JsonArray { Count: 0 } or JsonObject { Count: 0 } || (value is JsonValue plain && plain.ToString() is "" or "false" or "0"))
            {
                continue;
            }

            if (!answered.ContainsKey(name))
            {
                return path + name;
            }

            if (value is JsonObject inner && answered[name] is JsonObject there && Missing(inner, there, $"{path}{name}.") is { } missing)
            {
                return missing;
            }
        }

        return null;
    }

    private static string PathOf(string field, Workload workload) => field switch
    {
        _ when field.Contains(".resources", StringComparison.Ordinal) && workload.Resources is not null => workload.PathOf("resources"),
        _ when field.EndsWith("containers[0].image", StringComparison.Ordinal) => workload.PathOf("image"),
        _ when field.EndsWith("serviceAccountName", StringComparison.Ordinal) => workload.PathOf("serviceAccountName"),
        _ when workload.PodOverrides is not null => workload.PathOf("podOverrides"),
        _ => $"spec.stages[{workload.Stage}].template",
    };

    /// <summary>Everything but what differs from one attempt to the next.</summary>
    private string Key(Job job)
    {
        var plain = job with { Metadata = new() { Namespace = job.Metadata.Namespace }, Spec = job.Spec with { Template = job.Spec.Template with { Metadata = null } } };
        return Digests.OfText(JsonSerializer.Serialize(plain, client.JsonTypeOf<Job>()))[..32];
    }

    [GeneratedRegex("unknown field \"(?<field>[^\"]+)\"", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Unknown();
}

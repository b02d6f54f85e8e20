using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.Operator.Jobs;

/// <summary>
/// Merges <c>podOverrides</c> into the pod's spec as a strategic merge patch does: objects member by member, null removes, and lists whose entries have a key are merged by it. Any
/// other list takes the place of the one there, save <c>envFrom</c>, which is appended to: it has no key, and the run's credentials stand in it.
/// </summary>
internal static class PodOverrides
{
    private static readonly Dictionary<string, string> s_keys = new(StringComparer.Ordinal)
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["volumes"] = "name",
        ["imagePullSecrets"] = "name",
        ["env"] = "name",
        ["volumeMounts"] = "mountPath",
        ["ports"] = "containerPort",
        ["hostAliases"] = "ip",
        ["topologySpreadConstraints"] = "topologyKey",
    };

    /// <summary>What the chain rests on, and where its value comes from instead.</summary>
    private static readonly Dictionary<string, string> s_protectedInPod = new(StringComparer.Ordinal)
    {
        ["restartPolicy"] = "an attempt is one pod, and the operator starts the next one; leave it out",
        ["serviceAccountName"] = "use serviceAccountName of the template instead",
        ["serviceAccount"] = "use serviceAccountName of the template instead",
        ["terminationGracePeriodSeconds"] = "use terminationGracePeriodSeconds of the template instead, so that the trainer knows its time too",
        ["subdomain"] = "the workers find each other by it; leave it out",
        ["hostname"] = "the workers find each other by it; leave it out",
        ["metadata"] = "podOverrides is merged into the pod's spec, which has no metadata; leave it out",
        ["spec"] = "podOverrides is merged into the pod's spec itself; write its fields without spec",
    };

    private static readonly Dictionary<string, string> s_protectedInTrainer = new(StringComparer.Ordinal)
    {
        ["args"] = "the operator gives the trainer its arguments; leave it out",
        ["image"] = "use image of the template instead",
        ["resources"] = "use resources of the template instead",
        ["terminationMessagePath"] = "the stage's result arrives that way; leave it out",
        ["terminationMessagePolicy"] = "the stage's result arrives that way; leave it out",
    };

    private static readonly HashSet<string> s_protectedVariables = new(StringComparer.Ordinal)
    {
        "CPT_GRACE_SECONDS", "CPT_VOLUMES", "MASTER_ADDR", "MASTER_PORT", "NNODES", "NODE_RANK", "NPROC_PER_NODE",
    };

    /// <exception cref="PodFaultException">A value is not what a pod has there; the field is named.</exception>
    public static PodSpec Apply(PodSpec pod, Workload workload)
    {
        if (workload.PodOverrides is not { Count: > 0 } overrides)
        {
            return pod;
        }

        var merged = Merge(JsonSerializer.SerializeToNode(pod, OperatorJson.Default.PodSpec)!.AsObject(), overrides);
        foreach (var container in Entries(merged, "containers").Concat(Entries(merged, "initContainers")))
        {
            if (container["resources"] is JsonObject resources)
            {
                container["resources"] = Quantities.AsText(resources);
            }
        }

        try
        {
            return merged.Deserialize(OperatorJson.Default.PodSpec)!;
        }
        catch (JsonException fault)
        {
            throw new PodFaultException(new FieldError(
                workload.PathOf("podOverrides") + fault.Path?.TrimStart('$'), $"is not what a pod has there: {fault.Message.Split(" Path:", 2)[0]}"));
        }
    }

    /// <summary>Fields that may not be overridden, by name.</summary>
    public static IEnumerable<FieldError> Check(Workload workload)
    {
        if (workload.PodOverrides is not { } overrides)
        {
            yield break;
        }

        var path = workload.PathOf("podOverrides");
        foreach (var (field, why) in s_protectedInPod.Where(entry => overrides.ContainsKey(entry.Key)))
        {
            yield return new FieldError($"{path}.{field}", $"may not be overridden: {why}");
        }

        foreach (var error in Removed(overrides, path, "containers", "volumes"))
        {
            yield return error;
        }

        foreach (var (index, volume) in Entries(overrides, "volumes").Index())
        {
            if (Text(volume, "name").StartsWith("cpt-", StringComparison.Ordinal))
            {
                yield return new FieldError($"{path}.volumes[{index}].name", $"\"{Text(volume, "name")}\" may not be overridden: names that begin with cpt- are the operator's; take another one");
            }
        }

        foreach (var (index, container) in Entries(overrides, "containers").Index().Where(entry => Text(entry.Item, "name") == TrainerPod.Container))
        {
            foreach (var error in Trainer(container, $"{path}.containers[{index}]"))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<FieldError> Trainer(JsonObject container, string path)
    {
        foreach (var (field, why) in s_protectedInTrainer.Where(entry => container.ContainsKey(entry.Key)))
        {
            yield return new FieldError($"{path}.{field}", $"may not be overridden: {why}");
        }

        foreach (var error in Removed(container, path, "env", "envFrom", "volumeMounts"))
        {
            yield return error;
        }

        foreach (var (index, variable) in Entries(container, "env").Index().Where(entry => s_protectedVariables.Contains(Text(entry.Item, "name"))))
        {
            yield return new FieldError($"{path}.env[{index}].name", $"\"{Text(variable, "name")}\" may not be overridden: the operator sets it; leave it out");
        }

        foreach (var (index, mount) in Entries(container, "volumeMounts").Index())
        {
            if (Text(mount, "mountPath").TrimEnd('/') is TrainerPod.StageDirectory or TrainerPod.VolumesDirectory)
            {
                yield return new FieldError($"{path}.volumeMounts[{index}].mountPath", $"\"{Text(mount, "mountPath")}\" may not be overridden: the operator mounts it; take another place");
            }
        }
    }

    private static IEnumerable<FieldError> Removed(JsonObject owner, string path, params IEnumerable<string> lists) =>
        lists.Where(list => owner.ContainsKey(list) && owner[list] is null)
            .Select(list => new FieldError($"{path}.{list}", "may not be removed as a whole: entries of the operator's stand in it; name what is to be added or changed"));

    private static JsonObject Merge(JsonObject into, JsonObject changes)
    {
        foreach (var (name, value) in changes)
        {
            switch (value)
            {
                case null:
                    into.Remove(name);
                    break;
                case JsonObject inner:
                    into[name] = Merge(into[name] is JsonObject known ? known.DeepClone().AsObject() : [], inner);
                    break;
                case JsonArray list when into[name] is JsonArray there && s_keys.TryGetValue(name, out var key):
                    into[name] = Merge(there, list, key);
                    break;
                case JsonArray list when name == "envFrom" && into[name] is JsonArray there:
                    into[name] = new JsonArray([.. there.Concat(list).Select(item => item?.DeepClone())]);
                    break;
                default:
                    into[name] = value.DeepClone();
                    break;
            }
        }

        return into;
    }

    private static JsonArray Merge(JsonArray into, JsonArray changes, string key)
    {
        var merged = into.Select(item => item!.DeepClone()).ToList();
        foreach (var change in changes)
        {
            var at = change is JsonObject named ? merged.FindIndex(item => item is JsonObject known && Text(known, key) == Text(named, key) && Text(named, key).Length > 0) : -1;
            if (at >= 0)
            {
                merged[at] = Merge(merged[at].AsObject(), change!.AsObject());
            }
            else if (change is not null)
            {
                merged.Add(change.DeepClone());
            }
        }

        return new JsonArray([.. merged]);
    }

    private static IEnumerable<JsonObject> Entries(JsonObject owner, string list) => (owner[list] as JsonArray ?? []).OfType<JsonObject>();

    private static string Text(JsonObject entry, string field) => entry[field]?.ToString() ?? "";
}

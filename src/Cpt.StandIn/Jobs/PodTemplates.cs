using System.Globalization;
using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>The pod that a Job's template asks for.</summary>
internal static class PodTemplates
{
    /// <summary>
    /// The name follows from Job, place and number: a pod that was created while the answer got lost is not created twice.
    /// </summary>
    /// <param name="job">The Job.</param>
    /// <param name="index">The place in an Indexed Job; null in others.</param>
    /// <param name="number">0-based: how many pods of this place came before.</param>
    /// <param name="seed">Of the stand-in.</param>
    public static string NameOf(Job job, int? index, int number, int seed)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{seed}/{job.Metadata.Uid}/{index}/{number}");
        var suffix = Digests.OfText(text)[..5];
        var place = index is { } at ? "-" + at.ToString(CultureInfo.InvariantCulture) : "";
        return Cut(job.Metadata.Name!, 57 - place.Length) + place + "-" + suffix;
    }

    /// <param name="job">The Job.</param>
    /// <param name="name">See <see cref="NameOf"/>.</param>
    /// <param name="index">The place in an Indexed Job; null in others.</param>
    /// <param name="node">Where it runs: bound from the start, which spares the scheduler's call.</param>
    public static Pod Create(Job job, string name, int? index, string node)
    {
        var template = job.Spec.Template;
        var labels = new Dictionary<string, string>(template.Metadata?.Labels ?? [], StringComparer.Ordinal)
        {
            [JobLabels.OldName] = job.Metadata.Name!,
            [JobLabels.Name] = job.Metadata.Name!,
            [JobLabels.OldUid] = job.Metadata.Uid!,
            [JobLabels.Uid] = job.Metadata.Uid!,
        };
        var annotations = template.Metadata?.Annotations is { } given ? new Dictionary<string, string>(given, StringComparer.Ordinal) : null;
        var spec = template.Spec with { NodeName = node };
        if (index is { } at)
        {
            var text = at.ToString(CultureInfo.InvariantCulture);
            labels[JobLabels.Index] = text;
            (annotations ??= new(StringComparer.Ordinal))[JobLabels.Index] = text;
            spec.Hostname ??= Cut(job.Metadata.Name!, 62 - text.Length) + "-" + text;
            spec.Containers = [.. spec.Containers.Select(WithIndex)];
            spec.InitContainers = spec.InitContainers is { } first ? [.. first.Select(WithIndex)] : null;
        }

        return new()
        {
            Metadata = new()
            {
                Name = name,
                Namespace = job.Metadata.Namespace,
                Labels = labels,
                Annotations = annotations,
                Finalizers = template.Metadata?.Finalizers,
                OwnerReferences = [OwnerReference.ControllerOf(job)],
            },
            Spec = spec,
        };
    }

    private static Container WithIndex(Container container) => container.Env?.Exists(variable => variable.Name == "JOB_COMPLETION_INDEX") == true
        ? container
        : container with
        {
            Env =
            [
                .. container.Env ?? [],
                new EnvVar { Name = "JOB_COMPLETION_INDEX", ValueFrom = new() { FieldRef = new() { FieldPath = $"metadata.annotations['{JobLabels.Index}']" } } },
            ],
        };

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length].TrimEnd('-', '.');
}

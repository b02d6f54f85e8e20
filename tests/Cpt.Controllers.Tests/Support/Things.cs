using Cpt.Kubernetes;

namespace Cpt.Controllers.Tests;

/// <summary>Objects as a server would have them.</summary>
internal static class Things
{
    public static ConfigMap Map(string name, int version, string? uid = null, string @namespace = "ns", string? owner = null, params (string Name, string Value)[] labels) => new()
    {
        Metadata = new()
        {
            Name = name,
            Namespace = @namespace,
            Uid = uid ?? "uid-" + name,
            ResourceVersion = version.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Labels = labels.ToDictionary(label => label.Name, label => label.Value),
            OwnerReferences = owner is null ? null : [new() { ApiVersion = "v1", Kind = "ConfigMap", Name = owner, Uid = "uid-" + owner, Controller = true }],
        },
    };
}

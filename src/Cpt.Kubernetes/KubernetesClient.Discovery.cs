using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <content>What the server is and can do.</content>
public sealed partial class KubernetesClient
{
    public Task<ServerVersion> GetVersionAsync(CancellationToken cancellation = default) => CallAsync<ServerVersion>(Get("get", "/version"), cancellation);

    /// <summary>The groups beside the core one, with their versions.</summary>
    public async Task<IReadOnlyList<ApiGroup>> GetGroupsAsync(CancellationToken cancellation = default) =>
        (await CallAsync<ApiGroupList>(Get("get", "/apis"), cancellation)).Groups;

    /// <summary>The kinds of one group and version, subresources among them.</summary>
    /// <param name="apiVersion"><c>batch/v1</c>, or <c>v1</c> for the core group.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>Empty where the server does not have it.</returns>
    public async Task<IReadOnlyList<ApiResource>> GetResourcesAsync(string apiVersion, CancellationToken cancellation = default)
    {
        try
        {
            var path = (apiVersion.Contains('/') ? "/apis/" : "/api/") + apiVersion;
            return (await CallAsync<ApiResourceList>(Get("get", path), cancellation)).Resources;
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return [];
        }
    }

    /// <summary>Whether the server has the kind: a custom resource may not be installed.</summary>
    public async Task<bool> HasAsync<T>(CancellationToken cancellation = default)
        where T : IKubernetesObject
    {
        var kind = ResourceKind.Of<T>();
        return (await GetResourcesAsync(kind.ApiVersion, cancellation)).Any(resource => resource.Name == kind.Plural);
    }
}

/// <summary>Which Kubernetes it is.</summary>
public sealed record ServerVersion
{
    public string Major { get; set; } = "";

    public string Minor { get; set; } = "";

    /// <summary><c>v1.33.1</c>, perhaps with a distribution's mark.</summary>
    public string GitVersion { get; set; } = "";

    public string? Platform { get; set; }

    /// <summary>Whether it is 1.<paramref name="minor"/> or later. Some distributions write <c>20+</c>.</summary>
    public bool IsAtLeast(int minor) =>
        int.TryParse(Major.TrimEnd('+'), out var major) && int.TryParse(Minor.TrimEnd('+'), out var own) && (major > 1 || (major == 1 && own >= minor));
}

public sealed record ApiGroupList
{
    public List<ApiGroup> Groups { get; set; } = [];
}

public sealed record ApiGroup
{
    public string Name { get; set; } = "";

    public List<ApiGroupVersion> Versions { get; set; } = [];

    public ApiGroupVersion? PreferredVersion { get; set; }
}

public sealed record ApiGroupVersion
{
    /// <summary><c>batch/v1</c></summary>
    public string GroupVersion { get; set; } = "";

    public string Version { get; set; } = "";
}

public sealed record ApiResourceList
{
    public string GroupVersion { get; set; } = "";

    public List<ApiResource> Resources { get; set; } = [];
}

public sealed record ApiResource
{
    /// <summary>Plural, and with a slash the subresource: <c>jobs</c>, <c>jobs/status</c>.</summary>
    public string Name { get; set; } = "";

    public string SingularName { get; set; } = "";

    public bool Namespaced { get; set; }

    public string Kind { get; set; } = "";

    public List<string> Verbs { get; set; } = [];

    public List<string>? ShortNames { get; set; }

    public List<string>? Categories { get; set; }

    /// <summary>Whether it is a part of another kind, such as <c>status</c>.</summary>
    [JsonIgnore]
    public bool IsSubresource => Name.Contains('/');
}

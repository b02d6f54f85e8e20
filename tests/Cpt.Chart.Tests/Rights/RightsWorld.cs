using System.Text.Json.Nodes;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Hosting;
using Cpt.Operator.Tests.Cluster;
using Cpt.Runs;
using Cpt.StandIn;
using Cpt.Tests.Cluster;
using Microsoft.AspNetCore.Builder;

namespace Cpt.Chart.Tests.Rights;

/// <summary>
/// A namespace where the operator has what the chart gives it, less what a test takes away: it acts with the token of the chart's ServiceAccount, and every call is noted. Everybody else
/// (stand-in, test) is the administrator.
/// </summary>
internal sealed class RightsWorld : IAsyncDisposable
{
    /// <summary>Only how long a broken test hangs.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(45);

    private static readonly Lazy<Task<Rendered>> s_rendered = new(() => Rendered.ByAsync("watchNamespace=watched-here", "progress=proxy", "trainer.serviceAccount.create=false"));

    private readonly ClusterConfig _identity;
    private readonly CancellationTokenSource _over = new();

    private RightsWorld(ClusterWorld world, ClusterConfig identity) => (World, _identity) = (world, identity);

    public ClusterWorld World { get; }

    public Calls Calls { get; } = new();

    /// <summary>In the order of their start; those that ended are still there.</summary>
    public List<WebApplication> Started { get; } = [];

    public string Namespace => World.Namespace;

    public KubernetesClient Administrator => World.Client;

    /// <summary>Roles as the chart makes them for an operator of one namespace, with all that values can add.</summary>
    public static async Task<IReadOnlyList<JsonObject>> RolesAsync() => [.. (await s_rendered.Value).All("Role")];

    public static async Task<RightsWorld> OpenAsync(ChartClusters clusters, Scenario script, Right? without = null)
    {
        var (cluster, client) = await clusters.ForRightsAsync();
        var name = await TestCluster.CreateNamespaceAsync(client, TestContext.Current.CancellationToken);
        var rights = await InstallAsync(client, name, without);
        var identity = await client.ActAsAsync(name, "cpt-operator");
        await WaitForRightsAsync(identity, name, rights);
        return new(await ClusterWorld.OpenAsync(cluster, client, name, script, playsControllers: true), identity);
    }

    /// <summary>One that must lead before it works, as in a pod.</summary>
    public async Task<WebApplication> StartOperatorAsync(Func<OperatorOptions, OperatorOptions>? change = null, Action<OperatorSettings>? adjust = null)
    {
        var started = await World.StartOperatorAsync(
            options => (change ?? (same => same))(options with { LeaderElect = true, LeaseNamespace = Namespace }),
            settings =>
            {
                settings.Client = settings.Client with { WrapHandler = Calls.Recording };
                settings.LeaderElection!.RetryPeriod = TimeSpan.FromMilliseconds(200);
                adjust?.Invoke(settings);
            },
            _identity);
        Started.Add(started);
        return started;
    }

    /// <exception cref="OperationCanceledException">In vain, or the test is over.</exception>
    public async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, TestContext.Current.CancellationToken);
        end.CancelAfter(s_patience);
        while (!await condition())
        {
            await Task.Delay(20, end.Token);
        }
    }

    public Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    public Task UntilReasonAsync(string reason) => UntilAsync(async () => (await World.StatusAsync())?.Reason == reason);

    public async Task<Lease?> LeaseAsync() => await Administrator.TryGetAsync<Lease>("cpt-operator", Namespace);

    public async Task<RunObject?> RunAsync() => await Administrator.TryGetAsync<RunObject>("demo", Namespace);

    public async Task<StudyObject?> StudyAsync() => await Administrator.TryGetAsync<StudyObject>("demo", Namespace);

    /// <summary>Those who still wait stop waiting.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await World.DisposeAsync();
        _over.Dispose();
    }

    private static async Task<List<(Right Right, string? Name)>> InstallAsync(KubernetesClient client, string name, Right? without)
    {
        var rights = new List<(Right, string?)>();
        var found = without is null;
        foreach (var item in (await s_rendered.Value).Objects.Where(item => (string?)item["kind"] is "Role" or "RoleBinding" or "ServiceAccount"))
        {
            var mine = JsonNode.Parse(item.ToJsonString().Replace("watched-here", name, StringComparison.Ordinal).Replace("cpt-system", name, StringComparison.Ordinal))!.AsObject();
            if ((string?)mine["kind"] == "Role")
            {
                found |= without?.RemoveFrom(mine) == true;
                rights.AddRange(Right.Of(mine).Select(right => (right, (string?)(right.Resource == "leases" && right.Verb != "create" ? "cpt-operator" : null))));
            }

            var plural = ((string)mine["kind"]!).ToLowerInvariant() + "s";
            await client.RawAsync(HttpMethod.Post, (string)mine["apiVersion"]! is "v1" ? $"/api/v1/namespaces/{name}/{plural}" : $"/apis/{mine["apiVersion"]}/namespaces/{name}/{plural}", mine);
        }

        return found ? rights : throw new InvalidOperationException($"the chart does not give the right to {without}");
    }

    /// <summary>The server's authorizer learns of roles by a watch of its own.</summary>
    private static async Task WaitForRightsAsync(ClusterConfig identity, string name, List<(Right Right, string? Name)> rights)
    {
        using var client = new KubernetesClient(identity);
        foreach (var (right, resource) in rights)
        {
            await Cpt.Operator.Tests.Cluster.Eventually.ThatAsync(() => client.MayAsync(right, name, resource));
        }
    }
}

using System.CommandLine;
using System.Text.Json;
using Cpt.Api;
using Cpt.Cli.Cluster;
using Cpt.Cli.Commands;
using Cpt.Cli.Tests.Cluster;
using Cpt.Cli.Tests.Support;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(ApiServer))]

namespace Cpt.Cli.Tests.Cluster;

/// <summary>A real API server with the ContinualRun kind, one for all tests of this assembly; nobody plays the operator but the tests themselves.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _started = new(async () =>
    {
        var cluster = await TestCluster.StartAsync();
        var client = cluster.CreateClient(new() { Json = [RunsJson.Default, NodeJson.Default], FieldManager = "tests" });
        await RunDefinitions.InstallAsync(new Kubectl(cluster.Kubeconfig, Path.Combine(cluster.Directory, "kubectl-cache")));
        return (cluster, client);
    });

    public TestCluster Cluster { get; private set; } = null!;

    public KubernetesClient Client { get; private set; } = null!;

    /// <returns>A namespace of the test's own.</returns>
    public async Task<string> StartAsync()
    {
        (Cluster, Client) = await _started.Value;
        return await TestCluster.CreateNamespaceAsync(Client);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_started.IsValueCreated)
        {
            Client?.Dispose();
            await (await _started.Value).Cluster.DisposeAsync();
        }
    }

    /// <summary>A command as kubectl would start it, in this process.</summary>
    internal Task<CptResult> RunAsync(string @namespace, params string[] arguments) => Plugin.RunAsync([.. arguments, "--kubeconfig", Cluster.Kubeconfig, "-n", @namespace]);

    internal async Task<RunObject> CreateAsync(string @namespace, string name, ContinualRunStatus? status = null, bool suspend = false)
    {
        await Client.CreateAsync(RunObject.Of(SampleRun.Of(name, @namespace, suspend)));
        return status is null ? await Client.GetAsync<RunObject>(name, @namespace) : await SetStatusAsync(@namespace, name, status);
    }

    /// <summary>As the operator does: the status in full, about the newest generation.</summary>
    internal async Task<RunObject> SetStatusAsync(string @namespace, string name, ContinualRunStatus status)
    {
        var generation = (await Client.GetAsync<RunObject>(name, @namespace)).Metadata.Generation;
        var node = JsonSerializer.SerializeToNode(status with { ObservedGeneration = generation }, ApiJson.Default.ContinualRunStatus);
        return await Client.PatchStatusAsync<RunObject>(name, @namespace, Patch.Set("status", node));
    }
}

/// <summary>The plugin in this process: what it prints, and its exit code.</summary>
internal static class Plugin
{
    public static async Task<CptResult> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation = default)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await Start(arguments, output, error, cancellation);
        return new CptResult(exitCode, output.ToString(), error.ToString());
    }

    public static Task<int> Start(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        var root = KubeCommand.Plugin();
        CommandExamples.Show(root);
        var parsed = root.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, cancellation);
    }
}

/// <summary>Waits for what must come, and fails when it does not.</summary>
internal static class Eventually
{
    /// <summary>Only how long a broken test hangs.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public static async Task ThatAsync(Func<Task<bool>> condition)
    {
        using var end = new CancellationTokenSource(s_patience);
        while (!await condition())
        {
            await Task.Delay(20, end.Token);
        }
    }

    public static Task ThatAsync(Func<bool> condition) => ThatAsync(() => Task.FromResult(condition()));
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Cpt.Api;
using Cpt.Api.Schema;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.StandIn;
using Cpt.Tests.Cluster;

namespace Cpt.Operator.Tests.Faults;

/// <summary>An API server with the stand-in behind it, for chains that are replayed in namespaces of their own, and a watch that counts every Job from the first moment on.</summary>
public sealed class FaultCluster : IAsyncLifetime
{
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<(string Namespace, string Uid), string> _jobs = new();
    private readonly ConcurrentQueue<string> _troubles = new();
    private ClusterStandIn? _standIn;
    private Task _watching = Task.CompletedTask;
    private int _namespaces;

    internal TestCluster Cluster { get; private set; } = null!;

    internal KubernetesClient Client { get; private set; } = null!;

    /// <summary>Claims are directories in it.</summary>
    internal string Volumes { get; } = Directory.CreateTempSubdirectory("cpt-faults-").FullName;

    public async ValueTask InitializeAsync()
    {
        // Hundreds of processes that are killed in turn have little to say.
        Environment.SetEnvironmentVariable("Logging__LogLevel__Default", "Critical");
        Cluster = await TestCluster.StartAsync();
        Client = Cluster.CreateClient(new() { Json = [RunsJson.Default], FieldManager = "tests" });
        await InstallAsync();
        Directory.CreateDirectory(Path.Combine(Volumes, "checkpoints"));
        var model = Directory.CreateDirectory(Path.Combine(Volumes, "models", "base")).FullName;
        await File.WriteAllTextAsync(Path.Combine(model, "config.json"), """{"model_type":"test"}""");
        await File.WriteAllBytesAsync(Path.Combine(model, "model.safetensors"), [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']);
        _standIn = await ClusterStandIn.StartAsync(Client.Cluster, new()
        {
            Scenario = Chain.Scenario,
            Storage = new() { Environment = name => name == "CPT_VOLUMES" ? Volumes : null },
            OnTrouble = _troubles.Enqueue,
        });
        var position = (await Client.ListAsync<Job>()).ResourceVersion;
        _watching = WatchAsync(position);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_standIn is not null)
        {
            await _standIn.DisposeAsync();
        }

        Client?.Dispose();
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }

        Directory.Delete(Volumes, recursive: true);
        _end.Dispose();
    }

    /// <summary>A namespace with the chain in it, and nobody who looks after it yet.</summary>
    internal async Task<string> NewChainAsync()
    {
        var name = "f" + Interlocked.Increment(ref _namespaces).ToString(CultureInfo.InvariantCulture);
        await Client.CreateAsync(new Namespace { Metadata = new() { Name = name } });
        await Client.CreateAsync(RunObject.Of(Chain.Run(name)));
        return name;
    }

    internal OperatorUnderTest StartOperator(string @namespace, Wire? wire = null, Action<Controllers.OperatorSettings>? adjust = null) =>
        OperatorUnderTest.Start(Client.Cluster, @namespace, Volumes, wire ?? new(), adjust);

    /// <summary>Names of all Jobs that there ever were in a namespace, in alphabetical order; one that was created twice stands there twice.</summary>
    internal IReadOnlyList<string> JobsOf(string @namespace) => [.. _jobs.Where(job => job.Key.Namespace == @namespace).Select(job => job.Value).Order(StringComparer.Ordinal)];

    internal async Task<ContinualRunStatus?> StatusAsync(string @namespace) => (await Client.GetAsync<RunObject>(Chain.Name, @namespace)).Status.Value;

    /// <summary>Waits until the run has ended, and the watch has told as much.</summary>
    /// <exception cref="TimeoutException">It did not; the message says how far it came.</exception>
    internal async Task<ContinualRunStatus> EndOfAsync(string @namespace, CancellationToken cancellation = default)
    {
        for (var round = 0; round < 3000; round++)
        {
            if (await StatusAsync(@namespace) is { } status && status.Conditions.Any(condition => condition is { Type: ConditionTypes.Succeeded, Status: not ConditionStatus.Unknown }))
            {
                return status;
            }

            await Task.Delay(40, cancellation);
        }

        var last = await StatusAsync(@namespace);
        throw new TimeoutException($"{@namespace}: not ended after 2 minutes: {last?.Reason} ({last?.Message}); Jobs {string.Join(", ", JobsOf(@namespace))}; stand-in: {string.Join("; ", _troubles.TakeLast(3))}");
    }

    /// <summary>Waits until the watch has told of a Job.</summary>
    internal async Task SomeJobAsync(string @namespace, string name)
    {
        for (var round = 0; !JobsOf(@namespace).Contains(name); round++)
        {
            Assert.True(round < 6000, $"{@namespace}: Job {name} did not come within 2 minutes; there are {string.Join(", ", JobsOf(@namespace))}; stand-in: {string.Join("; ", _troubles.TakeLast(5))}");
            await Task.Delay(20);
        }
    }

    private async Task WatchAsync(string position)
    {
        while (true)
        {
            try
            {
                await foreach (var change in Client.WatchAsync<Job>(new() { ResourceVersion = position }, _end.Token))
                {
                    if (change.Type == WatchEventType.Added)
                    {
                        Note(change.Object);
                    }
                }
            }
            catch (KubernetesException error) when (error is ResourceExpiredException || error.IsTransient)
            {
                // A server that was started anew does not know what happened before; nobody here deletes a Job, so that the list has them all.
                position = await RelistAsync();
            }
        }
    }

    private async Task<string> RelistAsync()
    {
        while (true)
        {
            try
            {
                var list = await Client.ListAsync<Job>(cancellation: _end.Token);
                foreach (var job in list.Items)
                {
                    Note(job);
                }

                return list.ResourceVersion;
            }
            catch (KubernetesException error) when (error.IsTransient)
            {
                await Task.Delay(100, _end.Token);
            }
        }
    }

    private void Note(Job job) => _jobs[(job.Metadata.Namespace!, job.Metadata.Uid!)] = job.Metadata.Name!;

    private async Task InstallAsync()
    {
        await Client.CreateAsync(JsonSerializer.Deserialize(RunDefinition.ToJson(), KubernetesJson.Default.CustomResourceDefinition)!);
        while (true)
        {
            try
            {
                await Client.ListAsync<RunObject>();
                return;
            }
            catch (KubernetesException error) when (error.IsNotFound)
            {
                await Task.Delay(50);
            }
        }
    }
}

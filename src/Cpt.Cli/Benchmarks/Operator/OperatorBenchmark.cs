using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api.Schema;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.StandIn;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>
/// The operator as a process of its own against a real API server; behind that a stand-in for kubelets and trainers, which ends a stage as soon as it has committed
/// it. What is timed is told by watches, what is counted by the API server.
/// </summary>
internal sealed partial class OperatorBenchmark : IAsyncDisposable
{
    private const string Timed = "bench-timed";
    private const string Live = "bench-live";
    private const string Null = "bench-null";

    private readonly BenchSettings _settings;
    private readonly TextWriter _log;
    private readonly List<Figure> _figures = [];
    private readonly List<CpuReport> _cpu = [];
    private readonly List<OperatorProcess> _operators = [];
    private readonly string _volumes;
    private BenchApiServer _server = null!;
    private KubernetesClient _client = null!;
    private ClusterStandIn _standIn = null!;
    private BenchRuns _runs = null!;
    private AuditCounts _audit = null!;
    private Dictionary<string, double> _callsPerStage = [];
    private Job? _pattern;
    private JsonObject? _status;
    private double _rate;

    public OperatorBenchmark(BenchSettings settings, TextWriter log)
    {
        (_settings, _log) = (settings, log);
        // Checkpoints that exist only to be counted need not wait for a disk.
        var root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _volumes = Path.Combine(root, "cpt-bench-operator-" + Guid.NewGuid().ToString("N")[..8]);
    }

    /// <exception cref="CliException">Something that is needed is missing, or the operator ended.</exception>
    public async Task<OperatorReport> RunAsync(CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var load = MachineFacts.Load();
        await PrepareAsync(cancellation);
        await MeasureIdleAsync(cancellation);
        await MeasureChainsAsync(cancellation);
        await MeasureNullAsync(cancellation);
        if (_settings.Failover)
        {
            await MeasureFailoverAsync(cancellation);
        }

        await MeasureLiveAsync(cancellation);
        return new()
        {
            Machine = new(MachineFacts.Processor(), Environment.ProcessorCount, load, MachineFacts.Load()),
            Kubernetes = (await _client.GetVersionAsync(cancellation)).GitVersion,
            Quick = ReferenceEquals(_settings, BenchSettings.Quick),
            Progress = Progress,
            Figures = _figures,
            CallsPerStage = _callsPerStage,
            Cpu = _cpu,
            StandInCalls = _standIn.Calls.ByCall.ToDictionary(StringComparer.Ordinal),
            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _operators)
        {
            await process.DisposeAsync();
        }

        if (_standIn is not null)
        {
            await _standIn.DisposeAsync();
        }

        _client?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (Directory.Exists(_volumes))
        {
            Directory.Delete(_volumes, recursive: true);
        }
    }

    private bool Progress { get; set; }

    private OperatorProcess Current => _operators[^1];

    private async Task PrepareAsync(CancellationToken cancellation)
    {
        Say("starting an API server");
        _server = await BenchApiServer.StartAsync(cancellation);
        _client = _server.Client(_server.AdminKubeconfig, new() { Json = [RunsJson.Default], FieldManager = "cpt-bench", UserAgent = "cpt-bench" });
        _runs = new(_client, _volumes);
        _audit = new(_server.AuditLog);
        _runs.PrepareVolume();
        await InstallAsync(cancellation);
        foreach (var name in (string[])[Timed, Live, Null])
        {
            await _client.CreateAsync(new Namespace { Metadata = new() { Name = name } }, cancellation: cancellation);
        }

        _standIn = await StartStandInAsync(cancellation);
    }

    private async Task InstallAsync(CancellationToken cancellation)
    {
        await _client.CreateAsync(JsonSerializer.Deserialize(RunDefinition.ToJson(), KubernetesJson.Default.CustomResourceDefinition)!, cancellation: cancellation);
        await UntilAsync(async () =>
        {
            try
            {
                return (await _client.ListAsync<RunObject>(new() { Namespace = Timed }, cancellation)).Items.Count == 0;
            }
            catch (KubernetesException error) when (error.IsNotFound)
            {
                return false;
            }
        }, cancellation);
    }

    private async Task<ClusterStandIn> StartStandInAsync(CancellationToken cancellation)
    {
        var options = new StandInOptions
        {
            Storage = new() { Environment = name => name == "CPT_VOLUMES" ? _volumes : null },
            Scenario = new() { Default = attempt => new() { Ending = attempt.Spec?.Namespace == Live ? new Ending.Never() : new Ending.Completes() } },
            ProgressPort = TrainerPort,
            OnTrouble = Say,
        };
        var cluster = ClusterConfig.Load(_server.AdminKubeconfig);
        try
        {
            var standIn = await ClusterStandIn.StartAsync(cluster, options, cancellation);
            Progress = true;
            return standIn;
        }
        catch (IOException)
        {
            Say($"port {TrainerPort} is taken: the trainers' /progress is left out");
            return await ClusterStandIn.StartAsync(cluster, options with { ProgressPort = null }, cancellation);
        }
    }

    private async Task<OperatorProcess> StartOperatorAsync(CancellationToken cancellation, params string[] options)
    {
        var process = OperatorProcess.Start(
            _server.OperatorKubeconfig, _volumes, Path.Combine(_server.Directory, "operator.log"), ["--progress", Progress ? "direct" : "off", .. options]);
        _operators.Add(process);
        await process.ReadyAsync(cancellation);
        return process;
    }

    private CpuWatch WatchCpu()
    {
        var processes = new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["apiserver"] = _server.ProcessId("kube-apiserver"), ["etcd"] = _server.ProcessId("etcd"), ["standIn"] = Environment.ProcessId,
        };
        if (!Current.HasExited)
        {
            processes["operator"] = Current.Id;
        }

        return new(processes);
    }

    private void Add(string name, double value, string unit, double? goal = null, bool atLeast = false, string? note = null)
    {
        var figure = new Figure(name, value, unit, goal, atLeast, note);
        _figures.Add(figure);
        Say(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:G4} {unit}"));
    }

    private void Say(string line) => _log.WriteLine(line);

    /// <summary>Asks again and again; what is timed is never found out this way.</summary>
    private static async Task UntilAsync(Func<Task<bool>> condition, CancellationToken cancellation)
    {
        while (!await condition())
        {
            await Task.Delay(50, cancellation);
        }
    }
}

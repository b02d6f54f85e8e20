using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Benchmarks.Operator;

/// <content>What is measured, in order.</content>
internal sealed partial class OperatorBenchmark
{
    /// <summary>Where the operator asks trainers for /progress.</summary>
    private const int TrainerPort = 9400;

    private async Task MeasureIdleAsync(CancellationToken cancellation)
    {
        var process = await StartOperatorAsync(cancellation);
        Add("start to ready, no runs", Stopwatch.GetElapsedTime(process.StartedAt).TotalSeconds, "s");
        // Once through all code, so that nothing is compiled while it is timed.
        await RunTimedAsync("warm", runs: 1, stages: 3, parallel: 1, cancellation);
        await SettleAsync(cancellation);
        AddMemory("memory idle", goal: 80);

        _audit.Take();
        var idle = await HandoffsAsync("idle", "idle", (50, 250), cancellation);
        await SettleAsync(cancellation);
        var whole = Calls(idle.Complete);
        // What a run costs as a whole (its beginning, its end) is told apart by runs of one stage.
        var single = await RunTimedAsync("single", _settings.HandoffRuns, stages: 1, _settings.HandoffParallel, cancellation);
        await SettleAsync(cancellation);
        var one = Calls(single.Complete);
        var rest = (double)_settings.HandoffStages / (_settings.HandoffStages - 1);
        _callsPerStage = whole.Keys.Union(one.Keys).Order(StringComparer.Ordinal)
            .Select(call => (Call: call, Count: (whole.GetValueOrDefault(call) - (one.GetValueOrDefault(call) / _settings.HandoffStages)) * rest))
            .Where(call => call.Count > 0.005).ToDictionary(call => call.Call, call => call.Count, StringComparer.Ordinal);
        var perStage = Writes(_callsPerStage);
        Add("API writes per clean stage", perStage, "calls", goal: 6,
            note: string.Create(CultureInfo.InvariantCulture, $"over {idle.Complete} stages; a run as a whole costs {Writes(one) - perStage:F1} more"));
        _pattern = idle.Last;
        var finished = (await _client.RawAsync(HttpMethod.Get, $"/apis/cpt.dev/v1alpha1/namespaces/{Timed}/continualruns/{BenchRuns.Name("idle-", 0)}", cancellation: cancellation))!;
        _status = finished["status"]!.AsObject().DeepClone().AsObject();
        await MeasureNoOpsAsync(cancellation);
        await _runs.DeleteAllAsync(Timed, cancellation);
    }

    private Dictionary<string, double> Calls(int stages) =>
        _audit.Take().Where(call => !AuditCounts.IsLease(call.Key)).ToDictionary(call => call.Key, call => (double)call.Value / stages, StringComparer.Ordinal);

    private static double Writes(IReadOnlyDictionary<string, double> calls) => calls.Where(call => AuditCounts.IsWrite(call.Key)).Sum(call => call.Value);

    /// <summary>Changes that ask for nothing: an annotation of a finished run.</summary>
    private async Task MeasureNoOpsAsync(CancellationToken cancellation)
    {
        const string reconciles = "controller_runtime_reconcile_total";
        var before = await Current.MetricAsync(reconciles, cancellation);
        _audit.Take();
        for (var i = 0; i < _settings.NoOps; i++)
        {
            var patch = Patch.Merge(new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["bench"] = i.ToString(CultureInfo.InvariantCulture) } } });
            await _client.PatchAsync<RunObject>(BenchRuns.Name("idle-", i % _settings.HandoffRuns), Timed, patch, cancellation: cancellation);
        }

        await SettleAsync(cancellation);
        var reconciled = await Current.MetricAsync(reconciles, cancellation) - before;
        var writes = _audit.Take().Where(call => AuditCounts.IsWrite(call.Key) && !AuditCounts.IsLease(call.Key)).Sum(call => call.Value);
        Add("API writes per no-op reconcile", reconciled > 0 ? writes / reconciled : double.NaN, "calls", goal: 0, note: string.Create(CultureInfo.InvariantCulture, $"{writes} in {reconciled} reconciles"));
    }

    /// <summary>Many chains at once, as fast as they go: with the operator, and right afterwards without.</summary>
    private async Task MeasureChainsAsync(CancellationToken cancellation)
    {
        var rate = await RateAsync($"{_settings.ChainRuns} chains at once", Timed, async cancellation =>
        {
            await _runs.CreateManyAsync(Timed, "chain-", 0, _settings.ChainRuns, BenchSettings.ChainStages, cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        }, cancellation);
        // First the operator: it would go on with the chains that are still to be deleted.
        Current.Stop();
        await Current.ExitedAsync(cancellation);
        await _runs.DeleteAllAsync(Timed, cancellation);
        using var client = _server.Client(_server.OperatorKubeconfig, new() { Json = [RunsJson.Default], FieldManager = "cpt-bench-null", UserAgent = "cpt-bench-null" });
        var limit = await RateAsync(
            "the same by the null controller", Null, new NullController(client, Null, _pattern!, _status!, _callsPerStage).RunAsync(_settings.ChainRuns, BenchSettings.ChainStages), cancellation);
        await _runs.DeleteAllAsync(Null, cancellation);
        Add("transitions a second", rate, "1/s", goal: Math.Min(100, limit), atLeast: true, note: string.Create(CultureInfo.InvariantCulture, $"{100 * rate / limit:F0} % of the API server's own limit"));
        Add("transitions a second, null controller", limit, "1/s", note: "the API server's own limit for the same writes");
    }

    /// <summary>Transitions a second while something makes them.</summary>
    private async Task<double> RateAsync(string phase, string @namespace, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var times = new JobTimes(_client, @namespace);
        var watching = times.WatchAsync(end.Token);
        var working = work(end.Token);
        // All chains have begun: from here on it is handoffs alone.
        await UntilAsync(() => working.IsFaulted ? throw working.Exception!.InnerException! : Task.FromResult(times.CompleteFirst >= _settings.ChainRuns), cancellation);
        var (cpu, from) = (WatchCpu(), Stopwatch.GetTimestamp());
        await UntilAsync(() => Task.FromResult(Stopwatch.GetElapsedTime(from).TotalSeconds >= _settings.ChainSeconds || times.HasAccepted(BenchSettings.ChainStages - 1)), cancellation);
        var to = Stopwatch.GetTimestamp();
        _cpu.Add(cpu.Stop(phase));
        await end.CancelAsync();
        await Task.WhenAll(watching, working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return times.TransitionsPerSecond(from, to);
    }

    /// <summary>A leader dies, or is asked to go; a new run waits meanwhile.</summary>
    private async Task MeasureFailoverAsync(CancellationToken cancellation)
    {
        string[] options = ["--leader-elect=true", "--lease-namespace", Timed, "--lease-name", "bench"];
        var leader = await StartOperatorAsync(cancellation, options);
        await AcceptedAsync("lead", cancellation);
        var standby = await StartOperatorAsync(cancellation, options);
        leader.Kill();
        Add("failover, leader killed", await AcceptedAsync("killed", cancellation), "s", note: "from SIGKILL to the next Job; a lease lasts 15 s");
        await StartOperatorAsync(cancellation, options);
        standby.Stop();
        Add("failover, leader stopped", await AcceptedAsync("stopped", cancellation), "s", note: "from SIGTERM to the next Job");
        await SettleRunsAsync(cancellation);
        Current.Stop();
        await Current.ExitedAsync(cancellation);
        await _runs.DeleteAllAsync(Timed, cancellation);
    }

    private async Task MeasureLiveAsync(CancellationToken cancellation)
    {
        await StartOperatorAsync(cancellation);
        await RunTimedAsync("again", runs: 1, stages: 3, parallel: 1, cancellation);
        await SettleAsync(cancellation);
        var idle = ProcessFacts.Memory(Current.Id).ResidentBytes;
        var standing = 0;
        foreach (var count in _settings.LiveRuns)
        {
            var name = count.ToString("N0", CultureInfo.InvariantCulture) + " live runs";
            var start = Stopwatch.GetTimestamp();
            var cpu = WatchCpu();
            await _runs.CreateManyAsync(Live, "live-", standing, count, stages: 1, cancellation);
            Say($"{name}: created after {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
            await UntilAsync(async () =>
            {
                await Task.Delay(1000, cancellation);
                return (await _runs.ReasonsAsync(Live, cancellation)).GetValueOrDefault("Running") == count;
            }, cancellation);
            Add($"{name}: until all run", Stopwatch.GetElapsedTime(start).TotalSeconds, "s", note: $"{count - standing} more; bounded by the API server");
            _cpu.Add(cpu.Stop($"{name}: starting them"));
            standing = count;
            await SettleAsync(cancellation);
            var memory = ProcessFacts.Memory(Current.Id);
            Add($"{name}: memory per 1,000 runs", (memory.ResidentBytes - idle) / 1e6 / count * 1000, "MB", goal: 20, note: Sizes(memory));

            cpu = WatchCpu();
            await HandoffsAsync(name, $"at{count.ToString(CultureInfo.InvariantCulture)}", (null, 1000), cancellation);
            _cpu.Add(cpu.Stop($"{name}: handoffs"));
            await _runs.DeleteAllAsync(Timed, cancellation);
            cpu = WatchCpu();
            await Task.Delay(TimeSpan.FromSeconds(_settings == BenchSettings.Quick ? 1 : 20), cancellation);
            _cpu.Add(cpu.Stop($"{name}: nothing to do"));
            await MeasureRestartAsync(name, count, cancellation);
        }
    }

    private async Task MeasureRestartAsync(string name, int count, CancellationToken cancellation)
    {
        Current.Kill();
        await Current.ExitedAsync(cancellation);
        _audit.Take();
        var process = await StartOperatorAsync(cancellation);
        Add($"{name}: start to synced", Stopwatch.GetElapsedTime(process.StartedAt).TotalSeconds, "s", goal: 10, note: "from the start of the process to /readyz");
        await UntilAsync(async () => await process.MetricAsync("controller_runtime_reconcile_total", cancellation) >= count, cancellation);
        await UntilAsync(async () => await process.MetricAsync("workqueue_depth", cancellation) == 0, cancellation);
        var writes = _audit.Take().Where(call => AuditCounts.IsWrite(call.Key) && !AuditCounts.IsLease(call.Key)).Sum(call => call.Value);
        Add($"{name}: start to every run looked at", Stopwatch.GetElapsedTime(process.StartedAt).TotalSeconds, "s", note: $"with {writes} writes");
        AddMemory($"{name}: memory after a restart", goal: null);
    }

    private async Task<JobTimes> HandoffsAsync(string name, string prefix, (double? Middle, double Most) goals, CancellationToken cancellation)
    {
        var times = await RunTimedAsync(prefix, _settings.HandoffRuns, _settings.HandoffStages, _settings.HandoffParallel, cancellation);
        var handoffs = times.Handoffs();
        var note = $"{handoffs.Length} handoffs, the longest {handoffs.Max().ToString("F0", CultureInfo.InvariantCulture)} ms{(times.Retries > 0 ? $", {times.Retries} retries" : "")}";
        Add($"{name}: handoff p50", Statistics.Percentile(handoffs, 50), "ms", goal: goals.Middle);
        Add($"{name}: handoff p99", Statistics.Percentile(handoffs, 99), "ms", goal: goals.Most, note: note);
        return times;
    }

    /// <summary>Runs to their ends, some at a time, every Job timed.</summary>
    private async Task<JobTimes> RunTimedAsync(string prefix, int runs, int stages, int parallel, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var times = new JobTimes(_client, Timed);
        var watching = times.WatchAsync(end.Token);
        await Parallel.ForAsync(0, runs, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation }, async (i, cancellation) =>
        {
            var name = BenchRuns.Name(prefix + "-", i);
            await _runs.CreateAsync(Timed, name, stages, cancellation);
            await UntilAsync(() => watching.IsFaulted ? throw watching.Exception!.InnerException! : Task.FromResult(times.IsComplete(name, stages - 1)), cancellation);
        });
        await SettleRunsAsync(cancellation);
        await end.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return times;
    }

    private async Task<double> AcceptedAsync(string name, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var times = new JobTimes(_client, Timed);
        var watching = times.WatchAsync(end.Token);
        await _runs.CreateAsync(Timed, name, 1, cancellation);
        await UntilAsync(() => Task.FromResult(times.IsAccepted(name)), cancellation);
        await end.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Stopwatch.GetElapsedTime(start, times.AcceptedAt(name)).TotalSeconds;
    }

    /// <summary>Until all timed runs have ended.</summary>
    private Task SettleRunsAsync(CancellationToken cancellation) => UntilAsync(async () =>
    {
        var reasons = await _runs.ReasonsAsync(Timed, cancellation);
        return reasons.All(reason => reason.Key is "AllStagesFinished" or "StageFailed" or "RetriesExhausted");
    }, cancellation);

    /// <summary>Until the operator has nothing to do; events and progress are written a moment later.</summary>
    private async Task SettleAsync(CancellationToken cancellation)
    {
        await UntilAsync(async () => await Current.MetricAsync("workqueue_depth", cancellation) == 0, cancellation);
        await Task.Delay(2000, cancellation);
    }

    private void AddMemory(string name, double? goal)
    {
        var memory = ProcessFacts.Memory(Current.Id);
        Add(name, memory.ResidentBytes / 1e6, "MB", goal, note: Sizes(memory));
    }

    private static string Sizes(MemoryUse memory) => string.Create(CultureInfo.InvariantCulture, $"RSS {memory.ResidentBytes / 1e6:F0} MB, PSS {memory.ProportionalBytes / 1e6:F0} MB");
}

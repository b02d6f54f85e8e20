using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Cpt.Contract;
using Cpt.Trainer.Ending;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Stages;

namespace Cpt.Trainer.Workers;

/// <summary>
/// The process of a pod that has several workers, or of one among several pods: starts its node's workers, hands signals on, and ends as they end. One that
/// dies takes the others with it. It never loads libtorch.
/// </summary>
internal sealed class Launcher(TrainerOptions options, WorkerNode node, IEventSink sink, TimeProvider time)
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    /// <summary>How long the others may take to end by themselves after the first has; they hear of it at once.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(5);

    private readonly long _started = time.GetTimestamp();
    private readonly StageReporter _reporter = new(sink, time, new StageProgress { Stage = "", Attempt = 0, Phase = TrainerPhase.Starting });
    private readonly List<WorkerChild> _workers = [];
    private readonly Lock _gate = new();
    private StageSpec? _spec;
    private int _signals;

    public async Task<int> RunAsync()
    {
        using var stop = new StopSignals(TimeSpan.Zero, _ => Relay(), time);
        stop.Listen(underRunner: ParentWatch.IsAsked(Environment.GetEnvironmentVariable));
        await using var relay = stop.Requested.Register(Relay);
        try
        {
            // What every worker would refuse is refused once.
            _spec = StageSpecReader.Read(options.StageFile!);
            using var work = WorkDirectory.Open(options.WorkDirectory);
            var ends = await RunWorkersAsync(work);
            return End(WorkerEnd.Of(ends, node.Workers, Volatile.Read(ref _signals) > 0), ends);
        }
        catch (Exception error)
        {
            var ending = Failures.Of(error, stopRequested: false);
            if (ending.Unforeseen)
            {
                _reporter.Error(error.ToString());
            }

            return End(ending, []);
        }
        finally
        {
            _workers.ForEach(worker => worker.Dispose());
        }
    }

    private async Task<IReadOnlyList<WorkerEnd>> RunWorkersAsync(WorkDirectory work)
    {
        var results = work.Empty(string.Create(CultureInfo.InvariantCulture, $"workers-{_spec!.StageHash[..12]}-{node.NodeRank}"));
        var port = node.MasterPort != 0 ? node.MasterPort : FreePort();
        string[] arguments =
        [
            "--stage", options.StageFile!, "--work", work.Path, "--port", options.Port.ToString(CultureInfo.InvariantCulture), "--log", options.Log.ToString().ToLowerInvariant(),
            "--grace", options.Grace.TotalSeconds.ToString(CultureInfo.InvariantCulture), "--stall", options.Stall.TotalSeconds.ToString(CultureInfo.InvariantCulture),
        ];
        lock (_gate)
        {
            for (var local = 0; local < node.Processes; local++)
            {
                _workers.Add(WorkerChild.Start(node, local, port, arguments, results));
            }
        }

        if (Volatile.Read(ref _signals) > 0)
        {
            Relay(SigTerm);
        }

        var ends = await WatchAsync();
        Directory.Delete(results, recursive: true);
        return ends;
    }

    private async Task<IReadOnlyList<WorkerEnd>> WatchAsync()
    {
        var ends = new Dictionary<int, WorkerEnd>();
        var killed = false;
        Task? lastWords = null;
        var running = _workers.ToDictionary(worker => worker.EndAsync());
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(lastWords is null ? running.Keys : [.. running.Keys, lastWords]);
            if (!running.Remove(ended, out var worker))
            {
                killed = true;
                lastWords = null;
                foreach (var late in running.Values)
                {
                    late.Signal(SigKill);
                }

                continue;
            }

            var end = ends[worker.Rank] = worker.End(time.GetTimestamp(), killed);
            if (end.ExitCode != ExitCodes.Done && !killed)
            {
                lastWords ??= Task.Delay(s_lastWords, time);
            }
        }

        return [.. ends.Values.OrderBy(end => end.Rank)];
    }

    /// <summary>The first signal and the second mean to a worker what they mean to a trainer that is alone.</summary>
    private void Relay()
    {
        Interlocked.Increment(ref _signals);
        Relay(SigTerm);
    }

    private void Relay(int signal)
    {
        lock (_gate)
        {
            _workers.ForEach(worker => worker.Signal(signal));
        }
    }

    private int End(StageEnding ending, IReadOnlyList<WorkerEnd> ends)
    {
        // The workers went through the same steps; the one that is furthest says most.
        var told = ends.Where(end => end.Result is not null).MaxBy(end => end.Result!.Step)?.Result;
        var result = (told ?? new StageResult { Stage = _spec?.Stage ?? "", Attempt = _spec?.Attempt ?? 0, StageHash = _spec?.StageHash ?? "", ExitCode = 0, Reason = "" }) with
        {
            ExitCode = ending.ExitCode,
            Reason = ending.Reason,
            Message = ending.Message.Length == 0 ? null : ending.Message,
            DurationSeconds = Math.Round(time.GetElapsedTime(_started).TotalSeconds, 3),
            PeakMemoryBytes = PeakMemory.Bytes() + ends.Sum(end => end.Result?.PeakMemoryBytes ?? 0),
            DevicePeakMemoryBytes = ends.Max(end => end.Result?.DevicePeakMemoryBytes),
        };
        TerminationMessage.Write(options.TerminationLog, result, _reporter.Warning);
        _reporter.Update(progress => progress with { Stage = result.Stage, Attempt = result.Attempt, Step = result.Step, Steps = result.Steps, Tokens = result.Tokens, Phase = ending.ExitCode == ExitCodes.Done ? TrainerPhase.Done : TrainerPhase.Stopping });
        _reporter.Result(result);
        return ending.ExitCode;
    }

    /// <summary>Another process could take it before worker 0 does; that attempt fails, and the next has another port.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

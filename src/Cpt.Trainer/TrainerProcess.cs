using System.Reflection;
using System.Runtime.InteropServices;
using Cpt.Contract;
using Cpt.Metrics;
using Cpt.Torch;
using Cpt.Trainer.Ending;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Serving;
using Cpt.Trainer.Stages;
using Cpt.Trainer.Workers;

namespace Cpt.Trainer;

/// <summary>One process, one attempt of one stage, or one of the workers of one: from the command line to the exit code.</summary>
internal sealed partial class TrainerProcess : ILifelineListener
{
    private readonly TrainerOptions _options;
    private readonly IEventSink _sink;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly long _started;
    private readonly WorkerPlace? _place;
    private readonly string? _results = Environment.GetEnvironmentVariable(WorkerChild.ResultsVariable);
    private StageReporter _reporter;
    private StageSpec? _spec;
    private StopSignals? _stop;
    private WorkerSession? _session;
    private int _ended;

    private TrainerProcess(TrainerOptions options, WorkerPlace? place)
    {
        _options = options;
        _place = place;
        _started = _time.GetTimestamp();
        _sink = place is null ? Sink(options.Log) : new WorkerSink(Sink(options.Log), place, launched: _results is { Length: > 0 });
        _reporter = Reporter(null);
    }

    public static string Version { get; } = typeof(TrainerProcess).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public static async Task<int> RunAsync(string[] arguments)
    {
        ParentWatch.Start(Environment.GetEnvironmentVariable);
        TrainerOptions options;
        WorkerPlace? place;
        WorkerNode? node;
        try
        {
            options = TrainerOptions.Parse(arguments, Environment.GetEnvironmentVariable);
            place = WorkerPlace.Of(Environment.GetEnvironmentVariable);
            node = place is null ? WorkerNode.Of(Environment.GetEnvironmentVariable) : null;
        }
        catch (FormatException error)
        {
            await Console.Error.WriteLineAsync($"cpt-trainer: {error.Message}");
            return ExitCodes.BadSpec;
        }

        if (options.Help || options.Version)
        {
            await Console.Out.WriteLineAsync(options.Help ? TrainerOptions.Usage : $"cpt-trainer {Version}, stage contract {StageSpec.CurrentVersion}");
            return ExitCodes.Done;
        }

        return node is null
            ? await new TrainerProcess(options, place).RunStageAsync()
            : await new Launcher(options, node, Sink(options.Log), TimeProvider.System).RunAsync();
    }

    private async Task<int> RunStageAsync()
    {
        AppDomain.CurrentDomain.UnhandledException += (_, unhandled) => EndNow(Failures.Of((Exception)unhandled.ExceptionObject, stopRequested: false), unhandled.ExceptionObject.ToString());
        using var stop = new StopSignals(_options.Grace, why => EndNow(new StageEnding(ExitCodes.Stopped, "Stopped", why), null), _time);
        _stop = stop;
        stop.Listen(underRunner: ParentWatch.IsAsked(Environment.GetEnvironmentVariable));
        var outcome = new StageOutcome();
        try
        {
            _spec = StageSpecReader.Read(_options.StageFile!);
            _reporter = Reporter(_spec);
            using var metrics = new TrainerMetrics(_reporter);
            using var exposition = new PrometheusExposition(metrics.Meter, new("namespace", _spec.Namespace), new("run", _spec.Run), new("stage", _spec.Stage));
            // One port a node; its workers are all at the same step.
            await using var server = _place is { LocalRank: > 0 } ? null : await StatusServer.StartAsync(_options.Port, anyAddress: _options.Port != 0, _reporter, exposition, _options.Stall);
            using var work = WorkDirectory.Open(_options.WorkDirectory);
            _session = Join(_spec);
            await using var stopping = stop.Requested.Register(() => _session?.AskToStop());
            await new StageAttempt(_spec, work, _reporter, metrics, outcome, _time, _session, stop.Requested).RunAsync();
            var code = End(new StageEnding(ExitCodes.Done, "Completed", ""), outcome);
            _session?.Dispose();
            return code;
        }
        catch (Exception error)
        {
            _session?.AwaitCauseOf(error);
            var ending = Failures.Of(error, stop.Requested.IsCancellationRequested, ComputeDevice.Memory());
            if (ending.Unforeseen)
            {
                _reporter.Error(error.ToString());
            }

            var code = End(ending, outcome);
            if (_session is not null)
            {
                // In the middle of a collective nobody takes leave in order.
                ExitProcess(code);
            }

            return code;
        }
    }

    void ILifelineListener.StopAsked() => _stop!.Join();

    void ILifelineListener.Lost(StageEnding ending) => EndNow(ending, null);

    private WorkerSession? Join(StageSpec spec)
    {
        if (_place is null)
        {
            return null;
        }

        _reporter.Phase(TrainerPhase.Loading);
        return WorkerSession.Join(_place, LoadedModel.DeviceOf(spec.Device), Environment.GetEnvironmentVariable, this, stopAgreed: () => _stop!.Join());
    }

    private int End(StageEnding ending, StageOutcome? outcome)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            // Another thread is ending the process with another code.
            Thread.Sleep(Timeout.Infinite);
        }

        _session?.End(ending);
        var (progress, memory) = (_reporter.Progress, ComputeDevice.Memory());
        var result = new StageResult
        {
            Stage = _spec?.Stage ?? "",
            Attempt = _spec?.Attempt ?? 0,
            StageHash = _spec?.StageHash ?? "",
            ExitCode = ending.ExitCode,
            Reason = ending.Reason,
            Message = ending.ExitCode == ExitCodes.Stopped
                ? $"{ending.Message}; committed up to step {progress.CheckpointStep} of {progress.Steps}"
                : ending.Message.Length == 0 ? null : ending.Message,
            Step = progress.Step,
            Steps = progress.Steps,
            CheckpointDigest = outcome?.CheckpointDigest,
            Scores = outcome?.Scores ?? new Dictionary<string, double>(StringComparer.Ordinal),
            Tokens = progress.Tokens,
            Probe = outcome?.Probe,
            Instances = outcome?.Instances,
            InstancesKept = outcome?.InstancesKept,
            DurationSeconds = Math.Round(_time.GetElapsedTime(_started).TotalSeconds, 3),
            PeakMemoryBytes = PeakMemory.Bytes(),
            DevicePeakMemoryBytes = memory?.PeakAllocated,
        };
        if (memory is not null)
        {
            _reporter.Info($"memory of {ComputeDevice.InUse}: {MemoryText.Peak(memory)}");
        }

        TerminationMessage.Write(_place is not null && _results is { Length: > 0 } ? WorkerChild.ResultFile(_results, _place.Rank) : _options.TerminationLog, result, _reporter.Warning);
        _reporter.Result(result);
        return ending.ExitCode;
    }

    /// <summary>From any thread: no destructor of native code runs, and no thread is waited for.</summary>
    private void EndNow(StageEnding ending, string? stack)
    {
        if (stack is not null)
        {
            _reporter.Error(stack);
        }

        ExitProcess(End(ending, null));
    }

    private StageReporter Reporter(StageSpec? spec) =>
        new(_sink, _time, new StageProgress { Stage = spec?.Stage ?? "", Attempt = spec?.Attempt ?? 0, Phase = TrainerPhase.Starting });

    private static IEventSink Sink(LogStyle style) => style switch
    {
        LogStyle.Json => new JsonEventSink(Console.Out),
        LogStyle.Text => new TextEventSink(Console.Out, rewriteLine: !Console.IsOutputRedirected),
        _ => Console.IsOutputRedirected ? new JsonEventSink(Console.Out) : new TextEventSink(Console.Out, rewriteLine: true),
    };

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitProcess(int code);
}

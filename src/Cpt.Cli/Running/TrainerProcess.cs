using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>
/// One <c>cpt-trainer</c> as a child process. Its standard output is the event stream, kept whole in logs/; its standard error is kept
/// beside it, and the end of it goes into the message when the process breaks before it can say why.
/// </summary>
internal sealed class TrainerProcess : IDisposable
{
    private const int ErrorTailLines = 12;

    private readonly Process _process;
    private readonly Queue<string> _errorTail = new();
    private readonly Task _output;
    private readonly Task _errors;

    private TrainerProcess(Process process, WorkDirectory work, string job, Action<TrainerEvent> onEvent)
    {
        _process = process;
        Identity = ProcessIdentity.Of(process.Id);
        _output = ReadEventsAsync(work.LogFile(job), onEvent);
        _errors = ReadErrorsAsync(work.ErrorLogFile(job));
    }

    /// <summary>Null when it ended before anybody could look.</summary>
    public ProcessIdentity? Identity { get; }

    public int Pid => _process.Id;

    /// <param name="work">Where its files are.</param>
    /// <param name="environment">What it should see beside this process's own variables.</param>
    /// <param name="job">Name of the attempt; stage.json stands in its directory already.</param>
    /// <param name="workers">Processes that train together; above 1 the child starts them and speaks for all.</param>
    /// <param name="onEvent">Called for every event, in order, on a pool thread.</param>
    /// <exception cref="CliException">The trainer is not where it belongs.</exception>
    public static TrainerProcess Start(WorkDirectory work, LocalEnvironment environment, string job, int workers, Action<TrainerEvent> onEvent)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(work.LogFile(job))!);
        var command = TrainerProgram.Command();
        var start = new ProcessStartInfo
        {
            FileName = command[0],
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
            WorkingDirectory = work.Root,
        };
        foreach (var argument in (string[])
            [.. command.Skip(1), "--stage", work.StageFile(job), "--work", work.CacheDirectory, "--termination-log", work.TerminationFile(job), "--port", "0", "--log", "json"])
        {
            start.ArgumentList.Add(argument);
        }

        // Credentials for storage are in the environment already and are inherited.
        start.Environment["CPT_DIE_WITH_PARENT"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (var name in (string[])[LocalEnvironment.Volumes, LocalEnvironment.Bundle])
        {
            start.Environment[name] = environment.Get(name);
        }

        // What whoever called this process was started with is not meant for its children. LOCAL_RANK also says which GPU a trainer that is alone takes.
        foreach (var name in (string[])["RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "NNODES", "NODE_RANK"])
        {
            start.Environment.Remove(name);
        }

        if (environment.ThreadsOf(workers) is { } threads)
        {
            start.Environment[LocalEnvironment.Threads] = threads.ToString(CultureInfo.InvariantCulture);
        }

        start.Environment["NPROC_PER_NODE"] = workers.ToString(CultureInfo.InvariantCulture);
        var process = Process.Start(start) ?? throw new CliException(ExitCodes.Internal, $"{command[0]} could not be started.");
        process.StandardInput.Close();
        return new TrainerProcess(process, work, job, onEvent);
    }

    /// <summary>Asks it to save and end (exit code 75).</summary>
    public void Stop()
    {
        // It may have ended a moment ago, and its number may be another process's by now.
        if (Identity is { IsAlive: true })
        {
            Libc.Signal(Pid, Libc.SigTerm);
        }
    }

    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    /// <summary>Waits for its end and for the last line it wrote.</summary>
    public async Task<TrainerExit> WaitAsync()
    {
        await _process.WaitForExitAsync();
        await Task.WhenAll(_output, _errors);
        // .NET reports death by signal n as 128 + n, as shells do.
        var signal = _process.ExitCode > 128 ? _process.ExitCode - 128 : (int?)null;
        return new TrainerExit(_process.ExitCode, signal, string.Join('\n', _errorTail));
    }

    public void Dispose() => _process.Dispose();

    private async Task ReadEventsAsync(string path, Action<TrainerEvent> onEvent)
    {
        using var log = new LineLog(path);
        ExceptionDispatchInfo? broken = null;
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            log.Write(line);
            try
            {
                if (broken is null && Parse(line) is { } trainerEvent)
                {
                    onEvent(trainerEvent);
                }
            }
            catch (Exception error)
            {
                // Whoever shows the events cannot (its output is a file on a full disk): read on, or the trainer would wait for us for ever.
                broken = ExceptionDispatchInfo.Capture(error);
            }
        }

        broken?.Throw();
    }

    /// <summary>A line that is no event (a native library's chatter, a line cut by SIGKILL) stays in the log and goes no further.</summary>
    private static TrainerEvent? Parse(string line)
    {
        try
        {
            return line.StartsWith('{') ? JsonSerializer.Deserialize(line, ContractJson.Default.TrainerEvent) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task ReadErrorsAsync(string path)
    {
        using var log = new LineLog(path);
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            log.Write(line);
            _errorTail.Enqueue(line);
            if (_errorTail.Count > ErrorTailLines)
            {
                _errorTail.Dequeue();
            }
        }
    }
}

/// <param name="Code">As the operating system gave it.</param>
/// <param name="Signal">The signal that killed it, or null.</param>
/// <param name="ErrorTail">Last lines of its standard error.</param>
internal sealed record TrainerExit(int Code, int? Signal, string ErrorTail);

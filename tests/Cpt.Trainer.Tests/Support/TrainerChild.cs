using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>The real executable as a child process, with its events read as they come.</summary>
internal sealed partial class TrainerChild : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly List<TrainerEvent> _events = [];
    private readonly StringBuilder _other = new();
    private readonly SemaphoreSlim _news = new(0);
    private readonly Task _reading;

    private TrainerChild(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public static string Executable { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Cpt.Trainer", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "cpt-trainer"));

    public int Id => _process.Id;

    public IReadOnlyList<TrainerEvent> Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    public StageResult Result => Events.LastOrDefault(line => line.Event == "result")?.Result ?? throw new InvalidOperationException("no result event\n" + Log);

    public string Log
    {
        get
        {
            lock (_events)
            {
                return string.Join('\n', _events.Select(line => JsonSerializer.Serialize(line, ContractJson.Default.TrainerEvent))) + "\n" + _other;
            }
        }
    }

    public static TrainerChild Start(IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CPT_THREADS"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new TrainerChild(Process.Start(start)!);
    }

    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(limit.Token);
        await _reading;
        return _process.ExitCode;
    }

    /// <summary>Waits until the events satisfy a condition; fails with the log when the process ends before.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<TrainerEvent>, bool> condition)
    {
        using var limit = new CancellationTokenSource(s_patience);
        while (!condition(Events))
        {
            if (_reading.IsCompleted && !condition(Events))
            {
                Assert.Fail("the trainer ended before the condition was met\n" + Log);
            }

            await Task.WhenAny(_news.WaitAsync(limit.Token), _reading);
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    public void KillNow() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
        _news.Dispose();
    }

    private async Task ReadAsync(StreamReader output)
    {
        JsonException? cut = null;
        while (await output.ReadLineAsync() is { } line)
        {
            // A line may be cut by SIGKILL, and nothing comes after it then.
            Assert.True(cut is null, $"a line that is no event: {cut?.Message}\n{Log}");
            lock (_events)
            {
                if (line.StartsWith('{'))
                {
                    try
                    {
                        _events.Add(JsonSerializer.Deserialize(line, ContractJson.Default.TrainerEvent)!);
                    }
                    catch (JsonException exception)
                    {
                        cut = exception;
                        _other.Append(CultureInfo.InvariantCulture, $"{line}\n");
                    }
                }
                else
                {
                    _other.Append(CultureInfo.InvariantCulture, $"{line}\n");
                }
            }

            _news.Release();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}

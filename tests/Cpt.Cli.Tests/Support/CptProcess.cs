using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Cpt.Cli.Tests.Support;

/// <summary>cpt as a user starts it: a process with arguments, lines and an exit code.</summary>
internal sealed class CptProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _output = new();
    private readonly Task _reading;
    private readonly Task<string> _error;

    private CptProcess(Process process)
    {
        _process = process;
        _reading = ReadAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public int Pid => _process.Id;

    /// <summary>Everything on standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static CptProcess Start(string directory, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        // artifacts/bin/Cpt.Cli.Tests/release -> artifacts/bin/Cpt.Cli/release, where its trainer is beside it as in any build.
        var here = AppContext.BaseDirectory.TrimEnd('/');
        var program = Path.GetFullPath(Path.Combine(here, "..", "..", "Cpt.Cli", Path.GetFileName(here), "cpt.dll"));
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // One thread each: tests share their cores, and a spinning OpenMP would starve the others.
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new CptProcess(process);
    }

    public static async Task<CptResult> RunAsync(string directory, params string[] arguments)
    {
        await using var process = Start(directory, null, arguments);
        return await process.EndAsync();
    }

    /// <summary>The next line of standard output, or null at its end.</summary>
    public async Task<string?> LineAsync()
    {
        try
        {
            return await _lines.Reader.ReadAsync();
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    /// <summary>Reads lines until one is the event asked for.</summary>
    public async Task<JsonElement> EventAsync(Func<JsonElement, bool> wanted)
    {
        while (await LineAsync() is { } line)
        {
            var found = JsonDocument.Parse(line).RootElement;
            if (wanted(found))
            {
                return found;
            }
        }

        throw new InvalidOperationException($"cpt ended before that happened.\n{Output}\n{await _error}");
    }

    public void Signal(string name) => Kill(name, Pid);

    /// <param name="name">As kill(1) knows it.</param>
    /// <param name="pid">Of a process started by the test, or by one that the test started.</param>
    public static void Kill(string name, int pid)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{name}", pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]) { RedirectStandardError = true, UseShellExecute = false })!;
        kill.WaitForExit();
    }

    public async Task<CptResult> EndAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
        return new CptResult(_process.ExitCode, Output, await _error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }

            _lines.Writer.TryWrite(line);
        }

        _lines.Writer.Complete();
    }
}

internal sealed record CptResult(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
}

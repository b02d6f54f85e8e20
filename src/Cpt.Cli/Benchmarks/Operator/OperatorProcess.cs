using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>One operator as it is deployed: a process of its own, so that its memory and its processor time are its own.</summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    public const string Variable = "CPT_OPERATOR";

    private const string FileName = "cpt-operator.dll";
    private static readonly HttpClient s_http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private readonly int _port;

    private OperatorProcess(Process process, int port) => (_process, _port) = (process, port);

    public int Id => _process.Id;

    /// <summary>When it was started, as <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long StartedAt { get; private init; }

    public bool HasExited => _process.HasExited;

    /// <param name="kubeconfig">Who it is.</param>
    /// <param name="volumes">Where claims are mounted.</param>
    /// <param name="log">File for what it prints.</param>
    /// <param name="options">Further options of cpt-operator.</param>
    public static OperatorProcess Start(string kubeconfig, string volumes, string log, params string[] options)
    {
        var port = FreePort();
        var start = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            // The shell sets up the log and becomes the operator.
            ArgumentList = { "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", log, TrainerProgram.Host, Find() },
        };
        foreach (var argument in (string[])["--kubeconfig", kubeconfig, "--volumes", volumes, "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), .. options])
        {
            start.ArgumentList.Add(argument);
        }

        var at = Stopwatch.GetTimestamp();
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new(process, port) { StartedAt = at };
    }

    /// <summary>Waits for <c>/readyz</c>.</summary>
    /// <exception cref="CliException">It ended instead.</exception>
    public async Task ReadyAsync(CancellationToken cancellation)
    {
        while (!await IsReadyAsync(cancellation))
        {
            if (_process.HasExited)
            {
                throw new CliException(ExitCodes.Internal, string.Create(CultureInfo.InvariantCulture, $"cpt-operator ended with exit code {_process.ExitCode} before it was ready."));
            }

            await Task.Delay(10, cancellation);
        }
    }

    /// <summary>Value of a metric, summed over its labels; 0 where it is not shown yet.</summary>
    public async Task<double> MetricAsync(string name, CancellationToken cancellation)
    {
        var text = await s_http.GetStringAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}/metrics")), cancellation);
        return text.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is '{' or ' ')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM.</summary>
    public void Stop() => Libc.Signal(_process.Id, Libc.SigTerm);

    public Task ExitedAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await s_http.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}/readyz")), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : throw new CliException(ExitCodes.InputNotFound, $"{Variable}={named}: there is no such file; it must be the path of {FileName}.");
        }

        // artifacts/bin/Cpt.Cli/release/ -> artifacts/bin/Cpt.Operator/release/
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string[] places = [Path.Combine(here, "..", "..", "Cpt.Operator", Path.GetFileName(here), FileName), Path.Combine(here, FileName)];
        return places.Where(File.Exists).Select(Path.GetFullPath).FirstOrDefault()
            ?? throw new CliException(ExitCodes.InputNotFound, $"{FileName} was not found in {string.Join(", ", places.Select(Path.GetFullPath))}. Build it, or name it in ${Variable}.");
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Contract;

namespace Cpt.Cli.Benchmarks.Trainer;

/// <summary>
/// The same model in PyTorch (eng/bench/peer.py), in a process of its own that stays for the whole run and works only in its turns. It gets the
/// BLAS and the OpenMP settings that our side has.
/// </summary>
internal sealed class PeerProcess : IDisposable
{
    /// <summary>The peer of <c>cpt bench trainer</c>.</summary>
    public const string TrainerScript = "peer.py";

    /// <summary>The peer of <c>cpt bench models</c>.</summary>
    public const string ModelsScript = "models_peer.py";

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly string _python;

    private PeerProcess(string python, Process process)
    {
        _python = python;
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <exception cref="CliException">69: there is no such Python; <see cref="Ask"/> tells of one without PyTorch.</exception>
    public static PeerProcess Start(string python, IReadOnlyList<string> blas, int threads, string script = TrainerScript)
    {
        var start = new ProcessStartInfo(python) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Source(script));
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["OMP_WAIT_POLICY"] = Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") ?? "PASSIVE";
        if (blas.Count > 0)
        {
            start.Environment["LD_LIBRARY_PATH"] = string.Join(':', blas.Select(Path.GetDirectoryName).Distinct(StringComparer.Ordinal));
        }

        try
        {
            return new PeerProcess(python, Process.Start(start)!);
        }
        catch (Win32Exception missing)
        {
            throw new CliException(ExitCodes.StorageUnavailable, $"The peer is PyTorch, and {python} could not be started ({missing.Message}). On Debian: apt-get install python3-torch");
        }
    }

    /// <summary>Sends one request and waits for its answer.</summary>
    /// <exception cref="CliException">69: this Python has no PyTorch. 70: the peer ended; what it said is in the message.</exception>
    public JsonObject Ask(string operation, JsonObject arguments)
    {
        arguments["op"] = operation;
        try
        {
            _process.StandardInput.WriteLine(arguments.ToJsonString());
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It is gone already; why is told below.
        }

        if (_process.StandardOutput.ReadLine() is { } line)
        {
            return JsonNode.Parse(line)!.AsObject();
        }

        var said = _errors.GetAwaiter().GetResult().TrimEnd();
        throw said.Contains("No module named 'torch'", StringComparison.Ordinal)
            ? new CliException(ExitCodes.StorageUnavailable, $"The peer is PyTorch, and {_python} has none. On Debian: apt-get install python3-torch")
            : new CliException(ExitCodes.Internal, $"The peer ended at \"{operation}\": {said.Split('\n')[^1]}");
    }

    public void Dispose()
    {
        // The end of its input is its end; one that hangs in a request is killed.
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read its last request.
        }

        if (!_process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static string Source(string script)
    {
        using var reader = new StreamReader(typeof(PeerProcess).Assembly.GetManifestResourceStream(script)!);
        return reader.ReadToEnd();
    }
}

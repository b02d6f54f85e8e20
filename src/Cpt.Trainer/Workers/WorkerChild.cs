using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Cpt.Contract;
using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Workers;

/// <summary>One worker as a child process of the launcher. It has the launcher's own output.</summary>
internal sealed class WorkerChild : IDisposable
{
    /// <summary>Directory in which a worker leaves its result for its launcher.</summary>
    public const string ResultsVariable = "CPT_WORKER_RESULTS";

    private readonly Process _process;
    private readonly string _results;

    private WorkerChild(Process process, int rank, string results) => (_process, Rank, _results) = (process, rank, results);

    /// <summary>Among all workers.</summary>
    public int Rank { get; }

    public int Id => _process.Id;

    public Task EndAsync() => _process.WaitForExitAsync();

    public bool HasEnded => _process.HasExited;

    /// <param name="node">Of the launcher.</param>
    /// <param name="local">Number of the worker on its node, from 0.</param>
    /// <param name="port">On which worker 0 waits.</param>
    /// <param name="arguments">Of <c>cpt-trainer</c>.</param>
    /// <param name="results">Where it leaves its result.</param>
    public static WorkerChild Start(WorkerNode node, int local, int port, IReadOnlyList<string> arguments, string results)
    {
        var rank = (node.NodeRank * node.Processes) + local;
        var program = Environment.ProcessPath!;
        // Started by the dotnet host, the assembly is its first argument.
        IEnumerable<string> assembly = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        var start = new ProcessStartInfo(program, [.. assembly, .. arguments]) { UseShellExecute = false };
        void Set(string name, int value) => start.Environment[name] = value.ToString(CultureInfo.InvariantCulture);
        Set("RANK", rank);
        Set("WORLD_SIZE", node.Workers);
        Set("LOCAL_RANK", local);
        Set("LOCAL_WORLD_SIZE", node.Processes);
        Set("MASTER_PORT", port);
        Set(ParentWatch.Variable, Environment.ProcessId);
        start.Environment["MASTER_ADDR"] = node.MasterAddress;
        start.Environment[ResultsVariable] = results;
        if (Environment.GetEnvironmentVariable("CPT_THREADS") is not { Length: > 0 })
        {
            // The cores of the node are shared out.
            Set("CPT_THREADS", Math.Max(1, Environment.ProcessorCount / node.Processes));
        }

        return new WorkerChild(Process.Start(start) ?? throw new StageFailureException(ExitCodes.Internal, "Internal", $"{program} could not be started"), rank, results);
    }

    public static string ResultFile(string results, int rank) => Path.Combine(results, string.Create(CultureInfo.InvariantCulture, $"{rank}.json"));

    public void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            _ = Processes.Signal(_process.Id, signal);
        }
    }

    /// <summary>After its end.</summary>
    /// <param name="ended">When, on some clock.</param>
    /// <param name="killed">The launcher itself killed it.</param>
    public WorkerEnd End(long ended, bool killed)
    {
        StageResult? result = null;
        try
        {
            result = JsonSerializer.Deserialize(File.ReadAllBytes(ResultFile(_results, Rank)), ContractJson.Default.StageResult);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            // It had no time to say anything.
        }

        return new WorkerEnd(Rank, _process.ExitCode, result, ended, killed);
    }

    public void Dispose() => _process.Dispose();
}

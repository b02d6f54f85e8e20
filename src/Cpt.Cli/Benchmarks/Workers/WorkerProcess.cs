using System.Diagnostics;
using System.Globalization;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Contract;

namespace Cpt.Cli.Benchmarks.Workers;

/// <summary>A <see cref="BenchWorker"/> as a child process.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    private WorkerProcess(Process process) => _process = process;

    /// <param name="size">Model and work.</param>
    /// <param name="place">Rank, number of workers and their port; null: alone.</param>
    public static WorkerProcess Start(BenchSize size, (int Rank, int Count, int Port)? place)
    {
        var program = Environment.ProcessPath!;
        IEnumerable<string> assembly = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        var start = new ProcessStartInfo(program, [.. assembly, "bench", "workers", "--size", size.Name, "--worker"])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        start.Environment["CPT_THREADS"] = "1";
        start.Environment.Remove("RANK");
        if (place is var (rank, count, port))
        {
            start.Environment["RANK"] = rank.ToString(CultureInfo.InvariantCulture);
            start.Environment["WORLD_SIZE"] = count.ToString(CultureInfo.InvariantCulture);
            start.Environment["MASTER_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        }

        return new WorkerProcess(Process.Start(start)!);
    }

    /// <summary>Processor time so far, of all its threads.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public void Order(int steps) => _process.StandardInput.WriteLine(steps.ToString(CultureInfo.InvariantCulture));

    public string Answer() => _process.StandardOutput.ReadLine() ?? throw new CliException(ExitCodes.Internal, "a worker of the benchmark ended before its time; its message stands above.");

    /// <summary>Seconds of each step.</summary>
    public double[] Seconds() => [.. Answer().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];

    public void Dispose()
    {
        try
        {
            // The end of its orders.
            _process.StandardInput.Close();
            if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                _process.Kill();
            }
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // It has ended already.
        }

        _process.Dispose();
    }
}

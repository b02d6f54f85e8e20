using System.Diagnostics;
using System.Globalization;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Training;
using static Cpt.Torch.torch.distributed;

namespace Cpt.Cli.Benchmarks.Workers;

/// <summary>
/// The process that trains, alone or as one of several: does what it is told, a line at a time, and says how long it took. It lives through all rounds, so that nobody's
/// turn begins cold.
/// </summary>
internal static class BenchWorker
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    /// <param name="size">Model and work.</param>
    /// <param name="orders">One number of steps a line; ends at its end.</param>
    /// <param name="answers">For each, the seconds of every step.</param>
    public static void Run(BenchSize size, TextReader orders, TextWriter answers)
    {
        using var crew = Environment.GetEnvironmentVariable("RANK") is { Length: > 0 } rank ? Join(int.Parse(rank, CultureInfo.InvariantCulture)) : null;
        using var trainer = new OwnTrainer(size, threads: 1, crew?.Group);
        answers.WriteLine("ready");
        while (orders.ReadLine() is { } order)
        {
            var seconds = new double[int.Parse(order, CultureInfo.InvariantCulture)];
            for (var step = 0; step < seconds.Length; step++)
            {
                var began = Stopwatch.GetTimestamp();
                trainer.Train(1);
                seconds[step] = Stopwatch.GetElapsedTime(began).TotalSeconds;
            }

            answers.WriteLine(string.Join(' ', seconds.Select(second => second.ToString("R", CultureInfo.InvariantCulture))));
        }
    }

    private static Crew Join(int rank)
    {
        var size = int.Parse(Environment.GetEnvironmentVariable("WORLD_SIZE")!, CultureInfo.InvariantCulture);
        var port = int.Parse(Environment.GetEnvironmentVariable("MASTER_PORT")!, CultureInfo.InvariantCulture);
        var store = new TCPStore("localhost", port, size, is_master: rank == 0, s_patience);
        ProcessGroup Group(string name) => new("gloo", store, rank, size, s_patience, name, "lo");
        return new Crew(store, Group("control"), Group("gradients"));
    }

    private sealed class Crew(TCPStore store, ProcessGroup control, ProcessGroup gradients) : IDisposable
    {
        public WorkerGroup Group { get; } = new(control, gradients);

        public void Dispose()
        {
            gradients.Dispose();
            control.Dispose();
            store.Dispose();
        }
    }
}

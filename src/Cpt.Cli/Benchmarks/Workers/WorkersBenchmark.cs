using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Torch;

namespace Cpt.Cli.Benchmarks.Workers;

/// <summary>One worker with one thread and several with one thread each take turns within one run, on the same batches. Only neighbouring turns are compared.</summary>
internal sealed class WorkersBenchmark
{
    public required IReadOnlyList<BenchSize> Sizes { get; init; }

    public required int Workers { get; init; }

    public required int Rounds { get; init; }

    public required TextWriter Log { get; init; }

    public WorkersReport Run(CancellationToken cancellationToken)
    {
        var load = MachineFacts.Load();
        var sizes = Sizes.Select(size => Measure(size, cancellationToken)).ToArray();
        return new WorkersReport
        {
            Machine = new Machine(MachineFacts.Processor(), Environment.ProcessorCount, load, MachineFacts.Load()),
            Libtorch = TorchRuntime.Version,
            Workers = Workers,
            Rounds = Rounds,
            Lowest = sizes.Min(size => size.Ratio),
            Sizes = sizes,
        };
    }

    private WorkersSizeReport Measure(BenchSize size, CancellationToken cancellationToken)
    {
        using var alone = WorkerProcess.Start(size, null);
        var port = FreePort();
        var crew = Enumerable.Range(0, Workers).Select(rank => WorkerProcess.Start(size, (rank, Workers, port))).ToArray();
        try
        {
            foreach (var worker in crew.Prepend(alone))
            {
                worker.Answer();
            }

            // Warm-up: code is compiled, allocators fill, connections are made.
            Take([alone], 3, size);
            Take(crew, 3, size);
            var pairs = new List<WorkersPair>();
            for (var round = 1; round <= Rounds; round++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var pair = new WorkersPair(Take([alone], size.StepsPerRound, size), Take(crew, size.StepsPerRound * Workers, size));
                pairs.Add(pair);
                Log.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{size.Name}, round {round} of {Rounds}: {pair.Crew.TokensPerSecond:F0} tokens/s with {Workers} workers, {pair.Alone.TokensPerSecond:F0} with one, ratio {pair.Ratio:F2} (processor time {pair.CpuRatio:F2})"));
            }

            return new WorkersSizeReport { Name = size.Name, Parameters = size.Model.ParameterCount, Work = $"{size.Batch} sequences of {size.Tokens} tokens a step, shared out", Pairs = pairs };
        }
        finally
        {
            foreach (var worker in crew)
            {
                worker.Dispose();
            }
        }
    }

    /// <summary>Everybody's steps at once; they end together, since each waits for the others in each.</summary>
    private static Turn Take(IReadOnlyList<WorkerProcess> workers, int steps, BenchSize size)
    {
        var before = workers.Sum(worker => worker.ProcessorTime.TotalSeconds);
        foreach (var worker in workers)
        {
            worker.Order(steps);
        }

        var seconds = workers.Select(worker => worker.Seconds()).ToArray();
        var processor = workers.Sum(worker => worker.ProcessorTime.TotalSeconds) - before;
        return new Turn(size.Batch * size.Tokens / Statistics.Median(seconds[0]), processor / steps);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

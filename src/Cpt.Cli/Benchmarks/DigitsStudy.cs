using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Cpt.Cli.Running;
using Cpt.Cli.Status;
using Cpt.Cli.Studies;
using Cpt.Contract;

namespace Cpt.Cli.Benchmarks;

/// <summary>Every method with every seed, each as the <c>cpt run</c> that a user would start, one after another: they share the cores.</summary>
internal sealed class DigitsStudy
{
    public required IReadOnlyList<(string Name, string Manifest)> Methods { get; init; }

    public required IReadOnlyList<long> Seeds { get; init; }

    public required string Workdir { get; init; }

    public required TextWriter Log { get; init; }

    public async Task<IReadOnlyList<DigitsRun>> RunAsync(CancellationToken cancellationToken)
    {
        var runs = new List<DigitsRun>();
        foreach (var seed in Seeds)
        {
            foreach (var (name, manifest) in Methods)
            {
                await Log.WriteLineAsync($"{name}, seed {seed} …");
                var status = await RunOneAsync(name, manifest, seed, cancellationToken);
                runs.Add(new DigitsRun(name, seed, status));
                await Log.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"  AvgAcc {status.AverageAccuracy:F1}, FM {status.Forgetting:F1}, general skills {runs[^1].GeneralBefore:F1} -> {runs[^1].GeneralAfter:F1}, {runs[^1].Seconds:F0} s of training"));
            }
        }

        return runs;
    }

    private async Task<StatusDocument> RunOneAsync(string name, string manifest, long seed, CancellationToken cancellationToken)
    {
        var workdir = Path.Combine(Workdir, string.Create(CultureInfo.InvariantCulture, $"{name}-{seed}"));
        var start = new ProcessStartInfo(TrainerProgram.Host) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            typeof(DigitsStudy).Assembly.Location, "run", "-f", manifest, "--workdir", workdir, "--seed", seed.ToString(CultureInfo.InvariantCulture), "-o", "json",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new CliException(ExitCodes.Internal, $"{start.FileName} could not be started.");
        await using var stop = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var document = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode != ExitCodes.Done)
        {
            var said = (await errors).TrimEnd().Split('\n');
            throw new CliException(process.ExitCode, $"{name}, seed {seed} ended with exit code {process.ExitCode}:\n{string.Join('\n', said.TakeLast(5))}");
        }

        return JsonSerializer.Deserialize(document, CliJson.Default.StatusDocument)
            ?? throw new CliException(ExitCodes.Internal, $"{name}, seed {seed}: cpt run printed no document.");
    }
}

/// <summary>One finished chain of the study.</summary>
/// <param name="Method">The name it was given.</param>
/// <param name="Seed">Its <c>--seed</c>.</param>
/// <param name="Status">What <c>cpt run -o json</c> printed; scores in percent.</param>
internal sealed record DigitsRun(string Method, long Seed, StatusDocument Status)
{
    /// <summary>Mean general skill of the base model, percent.</summary>
    public double GeneralBefore => RunMeasures.GeneralBefore(Status) ?? double.NaN;

    /// <summary>Mean general skill after the last stage, percent.</summary>
    public double GeneralAfter => RunMeasures.GeneralAfter(Status) ?? double.NaN;

    /// <summary>What was reached on each new task right after learning it, percent.</summary>
    public double NewTask => RunMeasures.NewTask(Status) ?? double.NaN;

    /// <summary>Steps of all stages.</summary>
    public int Steps => RunMeasures.Steps(Status);

    /// <summary>Wall-clock seconds of all stages, loading and scoring included.</summary>
    public double Seconds => Status.Stages.Sum(stage => stage.DurationSeconds ?? 0);
}

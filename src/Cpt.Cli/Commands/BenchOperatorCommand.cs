using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Operator;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt bench operator</c>: how fast and how cheaply the operator does its part, on a real API server.</summary>
internal static class BenchOperatorCommand
{
    public static Command Create()
    {
        var runs = new Option<string>("--runs")
        {
            Description = "Numbers of live runs beside which handoffs, memory and restarts are measured, rising", HelpName = "N,N,…", DefaultValueFactory = _ => "1000,10000",
        };
        runs.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Counts(token.Value) is null)
            {
                result.AddError($"--runs: {token.Value} is not a rising list of whole numbers above 0, for example 1000,10000");
            }
        });
        var quick = new Option<bool>("--quick") { Description = "Everything once and with few runs: shows that the measurement works, not how fast anything is" };
        var output = RunOptions.Output("text: a table; json: one document", "text", "json");
        var command = new Command("operator", "Measure the operator on a real API server: handoffs, transitions a second, API calls, memory, restarts, failover")
        {
            runs, quick, output,
        };
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var settings = result.GetValue(quick) ? BenchSettings.Quick : BenchSettings.Full(Counts(result.GetRequiredValue(runs))!);
            await using var benchmark = new OperatorBenchmark(settings, result.InvocationConfiguration.Error);
            var report = await benchmark.RunAsync(cancellation);
            var text = result.GetValue(output) == "json" ? JsonSerializer.Serialize(report, CliJson.Readable.OperatorReport) + "\n" : OperatorReportText.Of(report);
            await result.InvocationConfiguration.Output.WriteAsync(text);
            return ExitCodes.Done;
        }));
        return command.WithExamples("""

            Starts an etcd and a kube-apiserver of its own (KUBEBUILDER_ASSETS, CPT_KUBE_ARCHIVE or a cached build, see eng/cluster/README.md), the operator as a
            process, and a stand-in for Job controller, kubelet and trainers. Each figure stands beside its goal; how much of the processor the API server, the operator
            and the stand-in used says what limits a figure.

            Example:
              cpt bench operator --runs 1000 -o json
            """);
    }

    /// <returns>Null for what is no rising list of numbers.</returns>
    private static List<int>? Counts(string text)
    {
        var counts = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count <= (counts.Count == 0 ? 0 : counts[^1]))
            {
                return null;
            }

            counts.Add(count);
        }

        return counts;
    }
}

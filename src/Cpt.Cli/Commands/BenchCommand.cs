using System.CommandLine;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt bench …</c>: what the figures in docs/ were made with. Speed is always given beside a peer's in the same run.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measure: speed beside a peer, methods beside each other")
    {
        BenchDigitsCommand.Create(),
        BenchOperatorCommand.Create(),
        BenchTrainerCommand.Create(),
        BenchModelsCommand.Create(),
        BenchWorkersCommand.Create(),
        BenchMemoryCommand.Create(),
    };
}

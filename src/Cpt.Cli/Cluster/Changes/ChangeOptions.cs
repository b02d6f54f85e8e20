using System.CommandLine;

namespace Cpt.Cli.Cluster.Changes;

/// <summary>Options of commands that change runs.</summary>
internal static class ChangeOptions
{
    private const string None = "none";
    private const string Client = "client";
    private const string Server = "server";

    /// <summary>As kubectl has it.</summary>
    public static Option<string> DryRun()
    {
        var option = new Option<string>("--dry-run")
        {
            Description = "client: only say what would be sent; server: have it checked there too, and nothing stored",
            HelpName = "none|client|server",
            Arity = ArgumentArity.ExactlyOne,
            DefaultValueFactory = _ => None,
        };
        return option.AcceptOnlyFromAmong(None, Client, Server);
    }

    public static ChangeMode Mode(string typed) => typed switch { Client => ChangeMode.DryRunHere, Server => ChangeMode.DryRunThere, _ => ChangeMode.Real };

    public static Option<bool> Wait(string description) => new("--wait") { Description = description };

    public static Option<TimeSpan?> WaitAtMost() => KubectlDuration.Option("--timeout", "With --wait: give up after 30s, 5m, … (default: never)");
}

internal enum ChangeMode
{
    Real,
    DryRunHere,
    DryRunThere,
}

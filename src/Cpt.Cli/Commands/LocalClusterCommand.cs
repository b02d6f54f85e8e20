using System.CommandLine;
using System.Diagnostics;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary>
/// <c>cpt cluster</c>: a developer's own Kubernetes. It is made by scripts of a checkout, and <c>./cpt</c> starts those without this program; here it is for help, for completion,
/// and for whoever starts the program itself.
/// </summary>
internal static class LocalClusterCommand
{
    private const string Name = "cluster";

    public static Command Create() => new(Name, "A Kubernetes cluster of your own on this machine: up, down, load, status, kubeconfig (from a checkout, as root)")
    {
        Verb("up", "Bring it up, or up to date: node, storage, Prometheus, operator", [.. Shared(), Flag("--no-operator", "A bare cluster"), Flag("--no-addons", "Without Azurite and Prometheus"), Kubeconfig()]),
        Verb("down", "Take it down with all that is in it", Shared()),
        Load(),
        Verb("status", "What runs, and where", [.. Shared(), RunOptions.Output("text or json", "text", "json")]),
        Verb("kubeconfig", "Print a kubeconfig that holds all it needs", Shared()),
    };

    /// <exception cref="CliException">Nothing above the directory is a checkout.</exception>
    internal static string ScriptAbove(string directory, string verb)
    {
        for (var at = new DirectoryInfo(directory); at is not null; at = at.Parent)
        {
            var script = Path.Combine(at.FullName, "eng", "cluster", "cluster.sh");
            if (File.Exists(script))
            {
                return script;
            }
        }

        throw new CliException(
            ExitCodes.InputNotFound,
            $"cpt cluster works from a checkout of the project only: it is made of the scripts in eng/cluster, and there are none above {directory}. In a checkout: sudo ./cpt cluster {verb}");
    }

    private static List<Option> Shared() =>
        [new Option<string>("--name") { Description = "One of several clusters side by side", HelpName = "NAME", DefaultValueFactory = _ => "dev" }];

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    private static Option<string> Kubeconfig() => new("--kubeconfig") { Description = "Where the kubeconfig is written (~/.kube/cpt-NAME.config)", HelpName = "FILE" };

    private static Command Load()
    {
        var command = Verb("load", "Hand image archives (OCI, docker save) to the node", Shared());
        command.Arguments.Add(new Argument<string[]>("IMAGE.tar") { Description = "Archives", Arity = ArgumentArity.OneOrMore });
        return command;
    }

    private static Command Verb(string name, string description, IEnumerable<Option> options)
    {
        var command = new Command(name, description);
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var script = ScriptAbove(AppContext.BaseDirectory, name);
            using var process = Process.Start(new ProcessStartInfo(script, result.Tokens.Select(token => token.Value).SkipWhile(token => token != Name).Skip(1)) { UseShellExecute = false })!;
            // Ctrl-C reaches the script by itself; it ends, and so does this.
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode;
        }));
        return command;
    }
}

using System.CommandLine;
using System.CommandLine.Completions;
using Cpt.Cli.Commands;
using Cpt.Kubernetes;

namespace Cpt.Cli.Cluster;

/// <summary>Which cluster, as which user, in which namespace: the options that every command about it takes, named as kubectl names them.</summary>
internal sealed class ClusterOptions
{
    public ClusterOptions() => Namespace.CompletionSources.Add(Namespaces);

    public Option<string?> Namespace { get; } = Everywhere(new Option<string?>("--namespace", "-n") { Description = "The run's namespace (default: that of the kubeconfig's context)", HelpName = "NAME" });

    public Option<string?> Context { get; } = Everywhere(new Option<string?>("--context") { Description = "The kubeconfig context to use", HelpName = "NAME" });

    public Option<string?> Kubeconfig { get; } = Everywhere(RunOptions.NotEmpty(new Option<string?>("--kubeconfig") { Description = "The kubeconfig file (default: $KUBECONFIG, then the pod's service account, then ~/.kube/config)", HelpName = "FILE" }));

    public Option<string?> As { get; } = Everywhere(new Option<string?>("--as") { Description = "Act as this user", HelpName = "USER" });

    public Option<TimeSpan?> RequestTimeout { get; } = Everywhere(KubectlDuration.Option("--request-timeout", "How long to wait for one answer of the API server; 0 = for as long as it takes (default 30s)"));

    public IEnumerable<Option> All => [Namespace, Context, Kubeconfig, As, RequestTimeout];

    /// <exception cref="KubeconfigException">Nothing is there, or it cannot be used.</exception>
    public ClusterConfig ConfigOf(ParseResult result)
    {
        var config = ClusterConfig.Load(result.GetValue(Kubeconfig), result.GetValue(Context));
        return result.GetValue(As) is { Length: > 0 } user ? config with { Impersonate = new Impersonation(user) } : config;
    }

    private IEnumerable<CompletionItem> Namespaces(CompletionContext context) => NameCompletion.Ask(context.ParseResult, this, async session =>
        (await session.Client.ListAsync<Namespace>(cancellation: session.Stop)).Items.Select(item => item.Metadata.Name!));

    private static TOption Everywhere<TOption>(TOption option)
        where TOption : Option
    {
        option.Recursive = true;
        return option;
    }
}

using System.Reflection;
using Cpt.Contract;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Operator.Hosting;

/// <summary>From the command line to the exit code.</summary>
internal static class OperatorProcess
{
    public static string Version { get; } = typeof(OperatorProcess).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        OperatorOptions options;
        try
        {
            options = OperatorOptions.Parse(arguments, environment);
        }
        catch (FormatException wrong)
        {
            await Console.Error.WriteLineAsync($"cpt-operator: {wrong.Message}");
            return ExitCodes.BadSpec;
        }

        if (options.Help || options.Version)
        {
            await Console.Out.WriteLineAsync(options.Help ? OperatorOptions.Usage : $"cpt-operator {Version}, API {Api.ContinualRun.GroupVersion}, stage contract {StageSpec.CurrentVersion}");
            return ExitCodes.Done;
        }

        ClusterConfig cluster;
        try
        {
            cluster = ClusterConfig.Load(options.Kubeconfig, options.Context);
        }
        catch (KubeconfigException wrong)
        {
            await Console.Error.WriteLineAsync($"cpt-operator: --kubeconfig: {wrong.Message}");
            return ExitCodes.BadSpec;
        }

        await using var application = OperatorHost.Build(options with { Studies = await KnowsStudiesAsync(cluster) }, cluster);
        try
        {
            return await application.RunOperatorAsync();
        }
        catch (IOException taken)
        {
            await Console.Error.WriteLineAsync($"cpt-operator: --listen: {options.Listen} cannot be listened on: {taken.Message}");
            return ExitCodes.BadSpec;
        }
    }

    /// <summary>A cluster may have been taught the kind of runs alone, and a watch of a kind that is not there would keep the operator from ever being ready. A server that does not answer now has it, most likely.</summary>
    private static async Task<bool> KnowsStudiesAsync(ClusterConfig cluster)
    {
        try
        {
            using var client = new KubernetesClient(cluster);
            return await client.HasAsync<StudyObject>();
        }
        catch (KubernetesException)
        {
            return true;
        }
    }
}

using System.Diagnostics;
using Cpt.Tests.Cluster;

namespace Cpt.Chart.Tests;

/// <summary>The real Helm, as a platform engineer has it.</summary>
internal static class Helm
{
    public static string Chart { get; } = Path.Combine(Repository.Root, "charts", "cpt-operator");

    /// <summary>PATH, then what <c>eng/fetch-helm.sh</c> put into artifacts/.</summary>
    public static string Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Append(Path.Combine(Repository.Root, "artifacts", "tools", "helm"))
        .Where(place => place.Length > 0)
        .Select(place => Path.Combine(place, "helm"))
        .FirstOrDefault(File.Exists) ?? throw new InvalidOperationException("There is no helm: put one on PATH, or run eng/fetch-helm.sh, as ./test.sh does.");

    /// <param name="arguments">As on a command line.</param>
    /// <param name="cluster">Null: none is needed.</param>
    public static async Task<KubectlResult> RunAsync(IEnumerable<string> arguments, TestCluster? cluster = null)
    {
        // Nothing of the user's own: neither repositories nor a kubeconfig that is lying about.
        var home = cluster is null ? Path.Combine(Path.GetTempPath(), "cpt-helm-tests") : Path.Combine(cluster.Directory, "helm");
        var start = new ProcessStartInfo(Program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in new[] { ("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data") })
        {
            start.Environment[name] = Path.Combine(home, value);
        }

        start.Environment["KUBECONFIG"] = cluster?.Kubeconfig ?? "/nonexistent";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new(process.ExitCode, await output, await errors);
    }

    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task<string> OutputAsync(TestCluster? cluster, params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(arguments, cluster);
        return exitCode == 0 ? output : throw new InvalidOperationException($"helm {string.Join(' ', arguments)} ended with exit code {exitCode}: {error}{output}");
    }
}

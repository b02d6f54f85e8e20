using System.Diagnostics;
using System.Globalization;

namespace Cpt.Tests.Cluster;

/// <summary>Runs the scripts in <c>eng/cluster</c>. What they start is taken down when this process is gone, however it ended.</summary>
internal static class ClusterScript
{
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static async Task<string> RunAsync(string script, CancellationToken cancellation, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        string[] all = [.. arguments];
        var (exitCode, output, error) = await TryAsync(script, cancellation, all, environment);
        return exitCode == 0 ? output : throw new InvalidOperationException($"{script} {string.Join(' ', all)} ended with exit code {exitCode}: {error}");
    }

    public static async Task<(int ExitCode, string Output, string Error)> TryAsync(string script, CancellationToken cancellation, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "eng", "cluster", script), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["CPT_CLUSTER_OWNER"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

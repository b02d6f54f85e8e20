using System.Diagnostics;

namespace Cpt.Tests.Cluster;

/// <summary>
/// The real kubectl, as a user has it. The kubeconfig is handed over in the environment and not as an option, so that plugins (<c>kubectl cpt …</c>) find it as well.
/// </summary>
/// <param name="kubeconfig">Whose credentials.</param>
/// <param name="cache">Directory for what it remembers of the server: clusters of tests come and go on the same addresses.</param>
public sealed class Kubectl(string kubeconfig, string cache)
{
    /// <summary>More or other variables for every call, for example PATH with a plugin's directory in front.</summary>
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal) { ["KUBECONFIG"] = kubeconfig, ["KUBECACHEDIR"] = cache };

    /// <summary><c>KUBEBUILDER_ASSETS</c>, then PATH, then what <c>eng/fetch-kubectl.sh</c> put into artifacts/.</summary>
    public static string Program { get; } = Find();

    public Task<KubectlResult> RunAsync(params string[] arguments) => RunAsync(arguments, input: null);

    /// <param name="arguments">As on a command line.</param>
    /// <param name="input">For <c>-f -</c>.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<KubectlResult> RunAsync(IEnumerable<string> arguments, string? input, CancellationToken cancellation = default)
    {
        using var process = Process.Start(StartInfo(arguments))!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading all of it: its exit code says why.
            }

            await process.WaitForExitAsync(cancellation);
            return new(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task<string> OutputAsync(IEnumerable<string> arguments, string? input = null, CancellationToken cancellation = default)
    {
        string[] all = [.. arguments];
        var (exitCode, output, error) = await RunAsync(all, input, cancellation);
        return exitCode == 0 ? output : throw new InvalidOperationException($"kubectl {string.Join(' ', all)} ended with exit code {exitCode}: {error}{output}");
    }

    /// <summary>For what is not one call with one answer: <c>get --watch</c>, <c>port-forward</c>.</summary>
    public ProcessStartInfo StartInfo(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static string Find()
    {
        var path = System.Environment.GetEnvironmentVariable("PATH") ?? "";
        string?[] places = [System.Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS"), .. path.Split(':'), Path.Combine(Repository.Root, "artifacts", "tools", "kubectl")];
        return places.Where(place => !string.IsNullOrEmpty(place)).Select(place => Path.Combine(place!, "kubectl")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("There is no kubectl: put one on PATH, or run eng/fetch-kubectl.sh, as ./test.sh cluster does.");
    }
}

/// <summary>How a call of kubectl ended.</summary>
public sealed record KubectlResult(int ExitCode, string Output, string Error);

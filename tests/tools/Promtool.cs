using System.ComponentModel;
using System.Diagnostics;

namespace Cpt.Tests;

/// <summary>Prometheus' own judge of metrics pages and rules.</summary>
internal static class Promtool
{
    /// <returns>Its complaints; empty when there are none. The test is skipped where it is not installed.</returns>
    public static async Task<string> CheckAsync(string page)
    {
        var (exitCode, complaints) = await RunAsync(["check", "metrics"], page);
        return exitCode == 0 ? complaints : $"{complaints} (exit code {exitCode})";
    }

    /// <returns>Its exit code and all it said. The test is skipped where it is not installed.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(IEnumerable<string> arguments, string input = "")
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo("promtool", arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            Assert.Skip("promtool is not installed (Debian: apt-get install prometheus)");
        }

        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}

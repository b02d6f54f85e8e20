using System.ComponentModel;
using System.Diagnostics;

namespace Cpt.Tests;

/// <summary>Prometheus' own judge of a metrics page.</summary>
internal static class Promtool
{
    /// <returns>Its complaints; empty when there are none. The test is skipped where it is not installed.</returns>
    public static async Task<string> CheckAsync(string page)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo("promtool", ["check", "metrics"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
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
        await process.StandardInput.WriteAsync(page);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        var complaints = await output + await errors;
        return process.ExitCode == 0 ? complaints : $"{complaints} (exit code {process.ExitCode})";
    }
}

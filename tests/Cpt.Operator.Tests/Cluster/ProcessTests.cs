using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Cpt.Api;

namespace Cpt.Operator.Tests.Cluster;

/// <summary>The program as a cluster starts it.</summary>
[Trait("Category", "Cluster")]
public sealed partial class ProcessTests(Clusters clusters)
{
    [Fact]
    public async Task TheProcessLeadsWorksAndStopsWith0OnSigterm()
    {
        await using var world = await clusters.OpenAsync();
        var port = FreePort();
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "cpt-operator.dll"), "--kubeconfig", world.Cluster.Kubeconfig, "--namespace", world.Namespace, "--leader-elect", "--lease-namespace", world.Namespace,
                "--trainer-image", "registry.example/cpt-trainer:1", "--volumes", world.Volumes, "--bundle", world.Bundle, "--listen", $"127.0.0.1:{port}",
            ])
        { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        // The fault suite silences the operators of this process by its environment, which a child would inherit.
        start.Environment["Logging__LogLevel__Default"] = "Information";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await world.CreateAsync(world.Run());
            await world.WaitForAsync(Reasons.AllStagesFinished);
            using var http = new HttpClient();
            Assert.Contains("leader_election_master_status", await http.GetStringAsync($"http://127.0.0.1:{port}/metrics"), StringComparison.Ordinal);

            Assert.Equal(0, Signal(process.Id, 15));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        Assert.Equal(0, process.ExitCode);
        var lines = (await output).Split('\n');
        Assert.Contains(lines, line => line.Contains("\"Run\":\"demo\"", StringComparison.Ordinal) && line.Contains("\"Stage\":\"parity\"", StringComparison.Ordinal) && line.Contains("\"Attempt\":1", StringComparison.Ordinal));
    }

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int pid, int signal);
}

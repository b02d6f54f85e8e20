using System.Diagnostics;
using System.Globalization;
using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>An etcd and a kube-apiserver for this measurement alone, started by the checkout's own scripts. Gone with this process, however that ends.</summary>
internal sealed class BenchApiServer : IAsyncDisposable
{
    /// <summary>Who the operator is to the API server: its calls, and no others, go into the audit log.</summary>
    public const string OperatorUser = "bench-operator";

    private readonly string _scripts;

    private BenchApiServer(string scripts, string directory) => (_scripts, Directory) = (scripts, directory);

    public string Directory { get; }

    public string AdminKubeconfig => Path.Combine(Directory, "admin.kubeconfig");

    public string OperatorKubeconfig => Path.Combine(Directory, OperatorUser + ".kubeconfig");

    public string AuditLog => Path.Combine(Directory, "audit.log");

    /// <exception cref="CliException">No checkout is around this program, or the server did not start.</exception>
    public static async Task<BenchApiServer> StartAsync(CancellationToken cancellation)
    {
        var scripts = Path.Combine(Checkout(), "eng", "cluster");
        var server = new BenchApiServer(scripts, System.IO.Directory.CreateTempSubdirectory("cpt-bench-operator-").FullName);
        try
        {
            var policy = Path.Combine(server.Directory, "audit.yaml");
            await File.WriteAllTextAsync(policy, $"""
                apiVersion: audit.k8s.io/v1
                kind: Policy
                omitStages: [RequestReceived]
                rules:
                - level: Metadata
                  users: [{OperatorUser}]
                - level: None
                """, cancellation);
            await server.RunAsync("up-apiserver.sh", [server.Directory], cancellation, ("CPT_APISERVER_ARGS", $"--audit-policy-file={policy} --audit-log-path={server.AuditLog}"));
            ClientIdentity.Create(server.Directory, OperatorUser);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public KubernetesClient Client(string kubeconfig, KubernetesClientOptions options) => new(ClusterConfig.Load(kubeconfig), options);

    /// <summary>Of <c>kube-apiserver</c> or <c>etcd</c>.</summary>
    public int ProcessId(string name) => int.Parse(File.ReadAllText(Path.Combine(Directory, name + ".pid")).Split(' ')[0], CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("down.sh", ["--wipe", Directory], CancellationToken.None);
        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    private static string Checkout()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "eng", "cluster", "up-apiserver.sh")))
            {
                return at.FullName;
            }
        }

        throw new CliException(ExitCodes.InputNotFound, $"cpt bench operator starts an API server with eng/cluster/up-apiserver.sh of a checkout, and there is none above {AppContext.BaseDirectory}.");
    }

    private async Task RunAsync(string script, string[] arguments, CancellationToken cancellation, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(_scripts, script), arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["CPT_CLUSTER_OWNER"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
        {
            throw new CliException(ExitCodes.StorageUnavailable, $"eng/cluster/{script} ended with exit code {process.ExitCode}: {await errors}");
        }
    }
}

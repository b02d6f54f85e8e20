using System.Diagnostics;
using System.Text.Json;

namespace Cpt.Kubernetes;

/// <summary>How a credential plugin is started, once.</summary>
internal sealed record ExecPlugin
{
    private const string GroupPrefix = "client.authentication.k8s.io/";

    public required string Where { get; init; }

    public required string ApiVersion { get; init; }

    public required string Command { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyList<KubeconfigExecVariable> Environment { get; init; }

    public required bool Interactive { get; init; }

    public string? InstallHint { get; init; }

    public ExecCluster? Cluster { get; init; }

    /// <exception cref="KubeconfigException">A field is missing or wrong.</exception>
    public static ClusterCredentials Create(KubeconfigExec exec, string file, string where, KubeconfigCluster cluster, ClientCertificate? certificate, TimeProvider time)
    {
        if (exec.ApiVersion is not (GroupPrefix + "v1" or GroupPrefix + "v1beta1"))
        {
            throw new KubeconfigException($"{where}.exec.apiVersion: \"{exec.ApiVersion}\" is not one of {GroupPrefix}v1, {GroupPrefix}v1beta1");
        }

        if (string.IsNullOrEmpty(exec.Command))
        {
            throw new KubeconfigException($"{where}.exec.command is missing; it must be the plugin's program");
        }

        return new ExecCredentials(
            new()
            {
                Where = where + ".exec",
                ApiVersion = exec.ApiVersion,
                // A bare name is looked up on PATH; a relative path starts where the kubeconfig lies.
                Command = exec.Command.Contains('/') ? Path.GetFullPath(exec.Command, Path.GetDirectoryName(file)!) : exec.Command,
                Arguments = exec.Args ?? [],
                Environment = exec.Env ?? [],
                InstallHint = exec.InstallHint,
                Interactive = IsInteractive(exec.InteractiveMode, where),
                Cluster = exec.ProvideClusterInfo ? Describe(cluster, file) : null,
            },
            certificate,
            time);
    }

    /// <exception cref="KubeconfigException">It cannot be started, fails, or prints something else than credentials.</exception>
    public async Task<ExecCredentialStatus> RunAsync(CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Command, Arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = !Interactive,
            RedirectStandardError = !Interactive,
        };
        foreach (var variable in Environment)
        {
            start.Environment[variable.Name] = variable.Value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = JsonSerializer.Serialize(
            new() { ApiVersion = ApiVersion, Kind = "ExecCredential", Spec = new() { Interactive = Interactive, Cluster = Cluster } }, WireJson.Default.ExecCredential);

        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new KubeconfigException($"{Where}.command: {Command} cannot be started: {exception.Message}{(InstallHint is null ? "" : "\n" + InstallHint.Trim())}", exception);
        }

        try
        {
            if (!Interactive)
            {
                process.StandardInput.Close();
            }

            var errors = Interactive ? Task.FromResult("") : process.StandardError.ReadToEndAsync(cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? Parse(output)
                : throw new KubeconfigException($"{Where}.command: {Command} ended with exit code {process.ExitCode}{Tail(await errors)}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private ExecCredentialStatus Parse(string output)
    {
        ExecCredential? credential;
        try
        {
            credential = JsonSerializer.Deserialize(output, WireJson.Default.ExecCredential);
        }
        catch (JsonException exception)
        {
            // What was printed may hold a secret, so it is not repeated.
            throw new KubeconfigException($"{Where}.command: {Command} printed no ExecCredential: {exception.Message}", exception);
        }

        if (credential?.ApiVersion != ApiVersion || credential.Kind != "ExecCredential")
        {
            throw new KubeconfigException($"{Where}.command: {Command} printed {credential?.ApiVersion} {credential?.Kind}; {ApiVersion} ExecCredential is expected");
        }

        return credential.Status is { Token.Length: > 0 } or { ClientCertificateData.Length: > 0, ClientKeyData.Length: > 0 }
            ? credential.Status
            : throw new KubeconfigException(
                $"{Where}.command: {Command} printed an ExecCredential without status.token, and without both status.clientCertificateData and status.clientKeyData");
    }

    private static string Tail(string errors)
    {
        errors = errors.Trim();
        return errors.Length == 0 ? "" : ": " + (errors.Length <= 2000 ? errors : "…" + errors[^2000..]);
    }

    private static bool IsInteractive(string? mode, string where) => mode switch
    {
        "Never" => false,
        "Always" when Console.IsInputRedirected => throw new KubeconfigException($"{where}.exec.interactiveMode is Always, and there is no terminal to ask on"),
        "Always" => true,
        null or "" or "IfAvailable" => !Console.IsInputRedirected,
        _ => throw new KubeconfigException($"{where}.exec.interactiveMode: \"{mode}\" is not one of Never, IfAvailable, Always"),
    };

    private static ExecCluster Describe(KubeconfigCluster cluster, string file) => new()
    {
        Server = cluster.Server,
        TlsServerName = cluster.TlsServerName,
        InsecureSkipTlsVerify = cluster.InsecureSkipTlsVerify ? true : null,
        ProxyUrl = cluster.ProxyUrl,
        CertificateAuthorityData = cluster switch
        {
            { CertificateAuthorityData.Length: > 0 } => Convert.FromBase64String(cluster.CertificateAuthorityData),
            { CertificateAuthority.Length: > 0 } => File.ReadAllBytes(Path.GetFullPath(cluster.CertificateAuthority, Path.GetDirectoryName(file)!)),
            _ => null,
        },
        Config = cluster.Extensions?.Find(extension => extension.Name == "client.authentication.k8s.io/exec")?.Extension,
    };
}

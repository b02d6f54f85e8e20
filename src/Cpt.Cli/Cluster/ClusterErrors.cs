using System.CommandLine;
using System.Net.Sockets;
using Cpt.Api;
using Cpt.Cli.Commands;
using Cpt.Kubernetes;

namespace Cpt.Cli.Cluster;

/// <summary>What went wrong, in kubectl's words where it has some, and with its exit code.</summary>
internal static class ClusterErrors
{
    public const int ExitCode = 1;

    /// <summary>Teaches a server the kind, from wherever this program is.</summary>
    public static string Install { get; } = $"{CommandName.Value} generate crds --output - | kubectl apply -f -";

    /// <summary>As the shell has it for a program that Ctrl-C ended.</summary>
    private const int Interrupted = 130;

    /// <summary>Runs a command on the cluster that its options name.</summary>
    public static Task<int> GuardAsync(ParseResult result, ClusterOptions options, CancellationToken stop, Func<ClusterSession, Task<int>> action) => CommandErrors.GuardAsync(result, async () =>
    {
        ClusterSession? session = null;
        try
        {
            session = ClusterSession.Open(result, options, stop);
            return await action(session);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Interrupted;
        }
        catch (Exception error) when (Explain(error, session?.Client.Cluster.Server) is { } text)
        {
            await result.InvocationConfiguration.Error.WriteLineAsync(text);
            return ExitCode;
        }
        finally
        {
            session?.Dispose();
        }
    });

    /// <returns>Null for what is not the cluster's doing.</returns>
    public static string? Explain(Exception error, Uri? server) => error switch
    {
        KubeconfigException => "error: " + error.Message,
        ApiUnreachableException unreachable => Unreachable(unreachable, server),
        KubernetesException refused when IsMissingKind(refused) =>
            $"error: the server doesn't have a resource type \"{ContinualRun.Plural}\": the API of the CPT operator is not installed there. Install it, then the operator: {Install}",
        KubernetesException { IsInvalid: true, Status.Details: { } details } refused => Invalid(refused, details),
        KubernetesException { Reason: StatusReason.Unauthorized } => "error: You must be logged in to the server (Unauthorized)",
        KubernetesException refused => $"Error from server ({(refused.Reason.Length > 0 ? refused.Reason : refused.Code)}): {(string.IsNullOrEmpty(refused.Status.Message) ? refused.Message : refused.Status.Message)}",
        _ => null,
    };

    /// <summary>A server that has the kind says which object it does not have.</summary>
    private static bool IsMissingKind(KubernetesException refused) => refused.IsNotFound && string.IsNullOrEmpty(refused.Status.Details?.Name);

    private static string Invalid(KubernetesException refused, StatusDetails details)
    {
        var causes = refused.Causes.Select(cause => string.IsNullOrEmpty(cause.Field) ? cause.Message : $"{cause.Field}: {cause.Message}").ToList();
        return $"The {details.Kind} \"{details.Name}\" is invalid" + causes.Count switch
        {
            0 => ": " + refused.Status.Message,
            1 => ": " + causes[0],
            _ => ":\n* " + string.Join("\n* ", causes),
        };
    }

    private static string Unreachable(ApiUnreachableException error, Uri? server)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                return $"The connection to the server {server?.Authority} was refused - did you specify the right host or port?";
            }
        }

        return $"Unable to connect to the server {server?.Authority}: {error.Status.Message}{(error.InnerException?.InnerException is { } inner ? " " + inner.Message : "")}";
    }
}

using System.CommandLine;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary>One command's dealings with one cluster.</summary>
internal sealed class ClusterSession : IDisposable
{
    private static readonly TimeSpan s_requestTimeout = TimeSpan.FromSeconds(30);

    private ClusterSession(KubernetesClient client, string @namespace, InvocationConfiguration streams, CancellationToken stop)
    {
        Client = client;
        Namespace = @namespace;
        Output = streams.Output;
        Error = streams.Error;
        Stop = stop;
    }

    public KubernetesClient Client { get; }

    /// <summary>As typed, else the context's, else <c>default</c>.</summary>
    public string Namespace { get; }

    public TextWriter Output { get; }

    /// <summary>For what is not the answer: notes, what is waited for.</summary>
    public TextWriter Error { get; }

    /// <summary>Ctrl-C.</summary>
    public CancellationToken Stop { get; }

    public TimeProvider Time { get; } = TimeProvider.System;

    /// <param name="result">Holds the options.</param>
    /// <param name="options">Which they are.</param>
    /// <param name="stop">Ends every call.</param>
    /// <param name="patient">False: one attempt for each call.</param>
    /// <exception cref="KubeconfigException">No cluster is known, or what is known cannot be used.</exception>
    public static ClusterSession Open(ParseResult result, ClusterOptions options, CancellationToken stop, bool patient = true)
    {
        var config = options.ConfigOf(result);
        var timeout = result.GetValue(options.RequestTimeout) ?? s_requestTimeout;
        var error = result.InvocationConfiguration.Error;
        var client = new KubernetesClient(config, new KubernetesClientOptions
        {
            Json = [RunsJson.Default],
            FieldManager = CommandName.Plugin,
            UserAgent = $"{CommandName.Plugin}/{Versions.Own}",
            RequestTimeout = timeout > TimeSpan.Zero ? timeout : Timeout.InfiniteTimeSpan,
            // A person waits: an API server that is not there is told within half a second.
            Retry = patient ? new RetryPolicy { MaxAttempts = 4 } : RetryPolicy.None,
            OnWarning = warning => error.WriteLine("Warning: " + warning),
        });
        return new(client, result.GetValue(options.Namespace) is { Length: > 0 } named ? named : config.Namespace ?? RunDefaults.Namespace, result.InvocationConfiguration, stop);
    }

    public Task<RunObject> GetAsync(string name) => Client.GetAsync<RunObject>(name, Namespace, Stop);

    public void Dispose() => Client.Dispose();
}

using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>The way in: <c>services.AddKubernetesOperator(…).AddController&lt;MyController, MyKind&gt;()</c>.</summary>
public static class OperatorServices
{
    /// <summary>
    /// Adds the engine. To be injected afterwards: <see cref="KubernetesClient"/> (its writes pass the lease's fence), <see cref="IInformerCache{T}"/> of each declared kind,
    /// <see cref="EntityWriter{TEntity}"/>, <see cref="IExpectations{TOwner}"/>, <see cref="IRequeue{TEntity}"/>, <see cref="IEventRecorder"/>, <see cref="OperatorOutcome"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The settings do not fit together.</exception>
    public static OperatorBuilder AddKubernetesOperator(this IServiceCollection services, Action<OperatorSettings>? configure = null)
    {
        if (services.Any(service => service.ServiceType == typeof(OperatorSettings)))
        {
            throw new InvalidOperationException("AddKubernetesOperator was called before; a process is one operator with any number of controllers");
        }

        var settings = new OperatorSettings();
        configure?.Invoke(settings);
        settings.LeaderElection?.Validate();
        settings.Cluster ??= ClusterConfig.Load();

        services.AddSingleton(settings);
        services.AddSingleton<OperatorOutcome>();
        services.AddSingleton<OperatorMetrics>();
        services.AddSingleton<OperatorHealth>();
        services.AddSingleton<StringPool>();
        services.AddSingleton(_ => new WriteFence(settings.Time, isElected: settings.LeaderElection is not null));
        services.AddSingleton(provider => CreateClient(settings, provider.GetRequiredService<WriteFence>(), provider.GetRequiredService<ILogger<KubernetesClient>>()));
        services.AddSingleton(typeof(IExpectations<>), typeof(ExpectationStore<>));
        services.AddSingleton(typeof(EntityWriter<>));
        services.AddSingleton(typeof(IRequeue<>), typeof(Requeue<>));
        services.AddSingleton<IEventSink, EventSink>();
        services.AddSingleton<EventRecorder>();
        services.AddSingleton<IEventRecorder>(provider => provider.GetRequiredService<EventRecorder>());
        if (settings.LeaderElection is { } election)
        {
            services.AddSingleton<ILeaseStore>(_ => CreateLeaseStore(settings, election));
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<LeaderElector>(provider, election, settings.Time));
        }

        services.AddHostedService<OperatorService>();
        return new(services);
    }

    private static KubernetesClient CreateClient(OperatorSettings settings, WriteFence fence, ILogger logger)
    {
        var wrap = settings.Client.WrapHandler;
        return new(settings.Cluster!, settings.Client with
        {
            // Outermost: what another wrapper sees, and a test records, did pass.
            WrapHandler = inner => new FencingHandler(fence, wrap?.Invoke(inner) ?? inner),
            OnWarning = settings.Client.OnWarning ?? logger.Warned,
        });
    }

    private static LeaseStore CreateLeaseStore(OperatorSettings settings, LeaderElectionOptions election)
    {
        var @namespace = election.LeaseNamespace ??= settings.Namespace ?? settings.Cluster!.Namespace
            ?? throw new ArgumentException("LeaderElection.LeaseNamespace is missing, and neither the settings nor the cluster's configuration name a namespace");
        election.LeaseName ??= settings.Name;
        // One try a call, so that a server that does not answer leaves time for a second one before the deadline.
        var client = new KubernetesClient(settings.Cluster!, settings.Client with { Retry = RetryPolicy.None, RequestTimeout = election.RenewDeadline / 2 });
        return new(client, election.LeaseName, @namespace);
    }
}

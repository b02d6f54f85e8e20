using Cpt.Api;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Jobs;
using Cpt.Operator.Lookups;
using Cpt.Operator.Measuring;
using Cpt.Operator.Observing;
using Cpt.Operator.Progress;
using Cpt.Operator.Runs;
using Cpt.Operator.Studies;
using Cpt.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Cpt.Operator.Hosting;

/// <summary>Puts the process together; tests put several of them together in one.</summary>
internal static class OperatorHost
{
    private const string Managed = $"{Labels.ManagedBy}={Labels.ManagedByValue}";

    /// <param name="options">What was asked for.</param>
    /// <param name="cluster">Which API server, as whom.</param>
    /// <param name="adjust">Tests: leases of milliseconds, clients that lose answers.</param>
    /// <param name="time">The clock of everything.</param>
    public static WebApplication Build(OperatorOptions options, ClusterConfig cluster, Action<OperatorSettings>? adjust = null, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(server => server.Listen(options.Listen));
        Log(builder.Logging, options.Log);
        Add(builder.Services, options, time);
        var ends = new PodEnds();
        builder.Services.AddSingleton(ends);
        var engine = builder.Services
            .AddKubernetesOperator(settings =>
            {
                settings.Name = options.LeaseName;
                settings.Cluster = cluster;
                settings.Client = settings.Client with { Json = [RunsJson.Default], FieldManager = "cpt-operator" };
                settings.Namespace = options.Namespace;
                settings.LeaderElection = options.LeaderElect ?? InClusterConfig.IsInCluster
                    ? new LeaderElectionOptions { LeaseName = options.LeaseName, LeaseNamespace = options.LeaseNamespace }
                    : null;
                settings.Concurrency = options.Workers;
                settings.Time = time;
                settings.Meters.Add(options.Meter);
                adjust?.Invoke(settings);
            })
            .AddController<RunController, RunObject>(runs => runs
                .Watches<Job>(RunOf, Managed)
                .Watches<Pod>(RunOf, Managed)
                .WithIndex<Job>(RunObserver.ByRun, job => RunOf(job).Select(run => RunObserver.KeyOf(run.Namespace, run.Name)))
                .WithTransform<Job>(Slim.Job)
                .WithTransform<Pod>(pod =>
                {
                    ends.Note(pod);
                    return Slim.Pod(pod);
                }))
            .AddFinalizer<RunFinalizer, RunObject>(Finalizers.Artifacts, RunFinalizer.Holds);
        if (options.Studies)
        {
            engine.AddController<StudyController, StudyObject>(studies => studies.Owns<RunObject>());
        }

        var application = builder.Build();
        application.MapOperator();
        // Nobody else asks for them: they register their instruments and read the cache when those are read.
        _ = application.Services.GetRequiredService<RunMetrics>();
        _ = application.Services.GetRequiredService<RunStateMetrics>();
        _ = options.Studies ? application.Services.GetRequiredService<StudyMetrics>() : null;
        return application;
    }

    private static void Add(IServiceCollection services, OperatorOptions options, TimeProvider time)
    {
        services.AddSingleton(time);
        services.AddSingleton(new TrainerSettings(options.TrainerImage, options.TrainerServiceAccount));
        services.AddSingleton(new ClusterVolumes(options.Volumes));
        services.AddSingleton(provider => new RunStorage(
            provider.GetRequiredService<RunSecrets>(),
            provider.GetRequiredService<ClusterVolumes>(),
            options.Bundle,
            options.Cache ?? Path.Combine(Path.GetTempPath(), "cpt-operator"),
            text => StorageLog.Warned(provider.GetRequiredService<ILogger<RunStorage>>(), text),
            time));
        services.AddSingleton<RunSecrets>().AddSingleton<ClusterLookups>().AddSingleton<PodCheck>();
        services.AddSingleton<ClusterRules>().AddSingleton<RunMemories>().AddSingleton<RunObserver>();
        services.AddSingleton<PlanExecution>().AddSingleton<UnreadableRun>().AddSingleton<WritePatience>().AddSingleton<Chronicle>();
        services.AddSingleton(_ => new StageMetrics(options.Meter));
        services.AddSingleton<StudyMemories>();
        services.AddSingleton(provider => new StudyMetrics(
            provider.GetRequiredService<StageMetrics>().Meter, provider.GetRequiredService<IInformerCache<StudyObject>>(), provider.GetRequiredService<StudyMemories>()));
        services.AddSingleton<ShownRuns>();
        services.AddSingleton(provider => new RunMetrics(provider.GetRequiredService<StageMetrics>().Meter, provider.GetRequiredService<ShownRuns>()));
        services.AddSingleton(provider => new RunStateMetrics(provider.GetRequiredService<StageMetrics>().Meter, provider.GetRequiredService<ShownRuns>()));
        services.AddSingleton(options).AddHostedService<ProgressPoller>();
    }

    private static void Log(ILoggingBuilder logging, LogStyle style)
    {
        logging.ClearProviders();
        if (style == LogStyle.Json)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.ColorBehavior = LoggerColorBehavior.Disabled;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
        }

        logging.AddFilter("Microsoft", LogLevel.Warning);
    }

    private static IEnumerable<ObjectKey> RunOf(IKubernetesObject item) =>
        item.Metadata.Labels?.GetValueOrDefault(Labels.Run) is { } run ? [new ObjectKey(item.Metadata.Namespace, run)] : [];
}

internal static partial class StorageLog
{
    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "Storage: {Text}")]
    public static partial void Warned(ILogger log, string text);
}

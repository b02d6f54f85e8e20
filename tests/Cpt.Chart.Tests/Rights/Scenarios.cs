using System.Net;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Hosting;
using Cpt.Operator.Tests;
using Cpt.Runs;
using Cpt.StandIn;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Chart.Tests.Rights;

/// <summary>Something that users do with runs; it returns when what they expect is there.</summary>
/// <param name="Script">What the pods do.</param>
/// <param name="PlayAsync">Starts operators, acts, and waits for the outcome.</param>
internal sealed record RightsScenario(Func<Scenario> Script, Func<RightsWorld, Task> PlayAsync);

/// <summary>Everything that an operator ever does with its rights, as few scenes as show it.</summary>
internal static class Scenarios
{
    private static readonly AttemptScript s_endless = new() { Ending = new Ending.Never(), Steps = 10, CommitEvery = 1, EndsAfterStep = 3 };

    public static IReadOnlyDictionary<string, RightsScenario> All { get; } = new Dictionary<string, RightsScenario>(StringComparer.Ordinal)
    {
        ["a run of two stages"] = new(() => new(), TwoStagesAsync),
        ["a stage that fails once and is tried again"] = new(() => new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.OutOfMemory() }), RetryAsync),
        ["a run that is suspended and resumed"] = new(() => new Scenario().On("parity", 1, s_endless), SuspendAsync),
        ["a Job that somebody deletes"] = new(() => new Scenario().On("parity", 1, s_endless), LostJobAsync),
        ["a run that is deleted with its artifacts"] = new(() => new(), DeletedAsync),
        ["artifacts that cannot be deleted for a while"] = new(() => new(), UndeletableAsync),
        ["a run whose time is over"] = new(() => new(), ExpiredAsync),
        ["a storage with a Secret"] = new(() => new(), SecretAsync),
        ["a stage on several nodes"] = new(() => new(), NodesAsync),
        ["progress through the API server"] = new(() => new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Unschedulable() }), ProgressAsync),
        ["a study of two runs"] = new(() => new(), StudyAsync),
        ["a leader that leads for long"] = new(() => new(), LeadingAsync),
        ["a leader that hands over"] = new(() => new(), HandoverAsync),
    };

    private static ContinualRun OneStage(RightsWorld world, Func<ContinualRunSpec, ContinualRunSpec>? change = null) =>
        world.World.Run(spec => (change ?? (same => same))(spec with { Stages = [A.Stage("parity")], Retry = new RetrySettings { Backoff = new BackoffSettings { InitialSeconds = 1, MaxSeconds = 1 } } }));

    private static async Task TwoStagesAsync(RightsWorld world)
    {
        await world.StartOperatorAsync();
        await world.World.CreateAsync(world.World.Run());
        await world.UntilReasonAsync(Reasons.AllStagesFinished);
        await world.UntilAsync(async () => (await world.World.EventsAsync()).Any(told => told.Reason == "RunSucceeded"));
    }

    private static async Task RetryAsync(RightsWorld world)
    {
        await world.StartOperatorAsync();
        await world.World.CreateAsync(OneStage(world));
        await world.UntilAsync(async () => await world.World.StatusAsync() is { Reason: Reasons.AllStagesFinished, Stages: [{ Attempts: 2, Retries: 1 }] });
    }

    private static async Task SuspendAsync(RightsWorld world)
    {
        await world.StartOperatorAsync();
        await world.World.CreateAsync(OneStage(world));
        await world.UntilReasonAsync(Reasons.Running);
        await world.World.PatchAsync("""{"spec":{"suspend":true}}""");
        await world.UntilReasonAsync(Reasons.Suspended);
        await world.World.PatchAsync("""{"spec":{"suspend":false}}""");
        await world.UntilReasonAsync(Reasons.AllStagesFinished);
    }

    private static async Task LostJobAsync(RightsWorld world)
    {
        await world.StartOperatorAsync();
        await world.World.CreateAsync(OneStage(world));
        await world.UntilReasonAsync(Reasons.Running);
        await world.Administrator.DeleteAsync<Job>("demo-parity-a1", world.Namespace, new DeleteOptions { PropagationPolicy = PropagationPolicy.Background });
        await world.UntilAsync(async () => await world.World.StatusAsync() is { Reason: Reasons.AllStagesFinished, Stages: [{ Attempts: 2, Preemptions: 1 }] });
    }

    private static async Task DeletedAsync(RightsWorld world)
    {
        await world.StartOperatorAsync();
        await world.World.CreateAsync(OneStage(world, spec => spec with { Storage = spec.Storage with { DeletionPolicy = DeletionPolicy.Delete } }));
        await world.UntilReasonAsync(Reasons.AllStagesFinished);
        await world.Administrator.DeleteAsync<RunObject>("demo", world.Namespace);
        await world.UntilAsync(async () => await world.RunAsync() is null);
    }

    private static async Task UndeletableAsync(RightsWorld world)
    {
        await world.StartOperatorAsync();
        await world.World.CreateAsync(OneStage(world, spec => spec with { Storage = spec.Storage with { DeletionPolicy = DeletionPolicy.Delete } }));
        await world.UntilReasonAsync(Reasons.AllStagesFinished);
        var hash = (await world.World.StatusAsync())!.Stages[0].StageHash!;

        // Not even root can delete a directory as if it were a file.
        var evaluation = Directory.EnumerateFiles(world.World.Volumes, "evaluation.json", SearchOption.AllDirectories).Single(path => path.Contains(hash, StringComparison.Ordinal));
        File.Delete(evaluation);
        Directory.CreateDirectory(evaluation);
        await world.Administrator.DeleteAsync<RunObject>("demo", world.Namespace);
        await world.UntilAsync(async () => (await world.World.EventsAsync()).Any(told => told is { Reason: "ArtifactsNotDeleted", Series.Count: > 1 }));
        Directory.Delete(evaluation);
        await world.UntilAsync(async () => await world.RunAsync() is null);
    }

    private static async Task ExpiredAsync(RightsWorld world)
    {
        await world.StartOperatorAsync();
        await world.World.CreateAsync(OneStage(world, spec => spec with { TtlSecondsAfterFinished = 1 }));
        await world.UntilAsync(async () => await world.RunAsync() is null);
    }

    private static async Task SecretAsync(RightsWorld world)
    {
        await world.Administrator.CreateAsync(new Secret { Metadata = new() { Name = "storage", Namespace = world.Namespace }, StringData = new(StringComparer.Ordinal) { ["TOKEN"] = "of-the-storage" } });
        await world.StartOperatorAsync();
        await world.World.CreateAsync(OneStage(world, spec => spec with { Storage = spec.Storage with { SecretRef = new SecretReference { Name = "storage" } } }));
        await world.UntilReasonAsync(Reasons.AllStagesFinished);
    }

    private static async Task NodesAsync(RightsWorld world)
    {
        var indexed = (await world.Administrator.GetVersionAsync()).IsAtLeast(22);
        await world.StartOperatorAsync(adjust: settings =>
        {
            if (!indexed)
            {
                // An older server drops the field and the operator would refuse the run before it needs a Service.
                settings.Client = settings.Client with { WrapHandler = inner => new IndexedJobs(world.Calls.Recording(inner)) };
            }
        });
        await world.World.CreateAsync(OneStage(world, spec => spec with { Template = new WorkloadTemplate { Nodes = 2 } }));
        await world.UntilAsync(async () => await world.Administrator.TryGetAsync<Service>("demo-peers", world.Namespace) is not null && (await world.World.JobsAsync()).Count > 0);
    }

    private static async Task ProgressAsync(RightsWorld world)
    {
        await using var trainer = await LonelyTrainer.StartAsync();
        await world.StartOperatorAsync(options => options with { Progress = ProgressWay.Proxy, ProgressPort = trainer.Port });
        await world.World.CreateAsync(OneStage(world));

        // The stand-in's pods live on addresses that an API server never calls; so this one is said to run where the test listens.
        IReadOnlyList<Pod> pods = [];
        await world.UntilAsync(async () => (pods = (await world.Administrator.ListAsync<Pod>(new() { Namespace = world.Namespace })).Items) is [{ Status.Conditions.Count: > 0 }]);
        await world.Administrator.PatchStatusAsync<Pod>(pods[0].Metadata.Name!, world.Namespace, Patch.Merge(trainer.PodStatus()));
        await world.UntilAsync(async () => (await world.World.StatusAsync())?.Progress == "3/8");
    }

    private static async Task StudyAsync(RightsWorld world)
    {
        await world.StartOperatorAsync(options => options with { Studies = true });
        await world.Administrator.CreateAsync(StudyObject.Of(new ContinualStudy
        {
            ApiVersion = ContinualRun.GroupVersion,
            Kind = ContinualStudy.KindName,
            Metadata = new() { Name = "demo", Namespace = world.Namespace },
            Spec = new() { Base = OneStage(world).Spec, Seeds = [1, 2], Concurrency = 2, Variants = [new StudyVariant { Name = "plain" }] },
        }));
        await world.UntilAsync(async () => (await world.StudyAsync())?.Status.Value?.Reason == StudyReasons.AllRunsSucceeded);
    }

    private static async Task LeadingAsync(RightsWorld world)
    {
        await world.StartOperatorAsync(adjust: settings =>
        {
            settings.LeaderElection!.LeaseDuration = TimeSpan.FromSeconds(6);
            settings.LeaderElection.RenewDeadline = TimeSpan.FromSeconds(4);
        });
        await world.UntilAsync(async () => await world.LeaseAsync() is not null);
        var renewed = (await world.LeaseAsync())!.Spec.RenewTime;
        await world.UntilAsync(async () => (await world.LeaseAsync())!.Spec.RenewTime > renewed);
    }

    private static async Task HandoverAsync(RightsWorld world)
    {
        // So slow that only a watch tells the other one in time.
        var first = await world.StartOperatorAsync(adjust: Slow);
        await world.UntilAsync(async () => await world.LeaseAsync() is not null);
        var second = await world.StartOperatorAsync(options => options with { Meter = "Cpt.Operator.second." + world.Namespace }, Slow);
        await world.UntilAsync(() => world.Calls.CountOf(Right.Parse("watch leases.coordination.k8s.io")) > 0);
        await world.World.StopAsync(first);
        var identity = second.Services.GetRequiredService<OperatorSettings>().LeaderElection!.Identity;
        await world.UntilAsync(async () => (await world.LeaseAsync())!.Spec.HolderIdentity == identity);

        static void Slow(OperatorSettings settings)
        {
            var election = settings.LeaderElection!;
            (election.LeaseDuration, election.RenewDeadline, election.RetryPeriod) = (TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(40));
        }
    }

    /// <summary>Makes the answers of a server without Indexed Jobs look like those of one that has them.</summary>
    private sealed class IndexedJobs(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (Right.Of(request) is { Resource: "jobs", Verb: "create" } && response.StatusCode == HttpStatusCode.Created)
            {
                var job = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
                job["spec"]!["completionMode"] = "Indexed";
                response.Content = new StringContent(job.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
            }

            return response;
        }
    }
}

using System.Net;
using System.Text;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.StandIn;

namespace Cpt.Operator.Tests.Cluster;

/// <summary>The same run with somebody in the way: the outcome is the same, and there is one Job for each attempt.</summary>
[Trait("Category", "Cluster")]
public sealed class DisturbanceTests(Clusters clusters)
{
    private static readonly string[] s_jobs = ["demo-copy-a1", "demo-half-a1", "demo-half-a2", "demo-parity-a1", "demo-parity-a2"];

    [Fact]
    public async Task EverySecondWriteInConflictChangesNothingOfTheOutcome()
    {
        await using var world = await clusters.OpenAsync(Script());
        var writes = 0;
        await world.StartOperatorAsync(adjust: settings => settings.Client = settings.Client with
        {
            WrapHandler = inner => new Answering(inner, request =>
                request.Method == HttpMethod.Patch && Interlocked.Increment(ref writes) % 2 == 1
                    ? Refusal(HttpStatusCode.Conflict, "Conflict")
                    : null),
        });
        await world.CreateAsync(Run(world));

        await AssertOutcomeAsync(world);
        Assert.True(writes > 4);
    }

    [Fact]
    public async Task AnAnswerThatIsLostAfterEveryCreateMakesNoSecondJob()
    {
        await using var world = await clusters.OpenAsync(Script());
        await world.StartOperatorAsync(adjust: settings => settings.Client = settings.Client with { WrapHandler = inner => new LosingAnswers(inner) });
        await world.CreateAsync(Run(world));

        await AssertOutcomeAsync(world);
    }

    [Fact]
    public async Task AnotherProcessTakesOverWhereTheFirstStopped()
    {
        var gate = new TaskCompletionSource();
        await using var world = await clusters.OpenAsync(Script().On("copy", 1, new AttemptScript { Until = cancellation => gate.Task.WaitAsync(cancellation) }));
        var first = await world.StartOperatorAsync(options => options with { LeaderElect = true, LeaseNamespace = world.Namespace }, Quick);
        await world.StartOperatorAsync(options => options with { LeaderElect = true, LeaseNamespace = world.Namespace }, Quick);
        await world.CreateAsync(Run(world));
        await world.WaitForAsync(now => now.CurrentStage == "copy" && now.Reason == Reasons.Running);

        await world.StopAsync(first);
        gate.SetResult();

        await AssertOutcomeAsync(world);
    }

    private static Scenario Script() => new Scenario()
        .On("parity", 1, new AttemptScript { Ending = new Ending.Evicted(), CommitEvery = 1 })
        .On("half", 1, new AttemptScript { Ending = new Ending.Exits(70, "Bug") });

    private static ContinualRun Run(ClusterWorld world) => world.Run(spec => spec with
    {
        Stages = [A.Stage("parity"), A.Stage("half"), A.Stage("copy")],
        Retry = new RetrySettings { Backoff = new BackoffSettings { InitialSeconds = 0 } },
    });

    private static async Task AssertOutcomeAsync(ClusterWorld world)
    {
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal([(2, 0, 1), (2, 1, 0), (1, 0, 0)], status.Stages.Select(stage => (stage.Attempts, stage.Retries, stage.Preemptions)));
        Assert.Equal(s_jobs, await world.JobNamesAsync());
    }

    private static void Quick(OperatorSettings settings)
    {
        settings.LeaderElection!.LeaseDuration = TimeSpan.FromSeconds(3);
        settings.LeaderElection.RenewDeadline = TimeSpan.FromSeconds(2);
        settings.LeaderElection.RetryPeriod = TimeSpan.FromMilliseconds(200);
    }

    private static HttpResponseMessage Refusal(HttpStatusCode code, string reason) => new(code)
    {
        Content = new StringContent(
            $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"{{reason}}","message":"refused by a test","code":{{(int)code}}}""", Encoding.UTF8, "application/json"),
    };

    private sealed class Answering(HttpMessageHandler inner, Func<HttpRequestMessage, HttpResponseMessage?> answer) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(request) is { } refusal ? refusal : await base.SendAsync(request, cancellationToken);
    }

    /// <summary>Each create is carried out, and nobody learns of it: the first of every name.</summary>
    private sealed class LosingAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private int _creates;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (request.Method == HttpMethod.Post && request.RequestUri!.AbsolutePath.EndsWith("/jobs", StringComparison.Ordinal) && Interlocked.Increment(ref _creates) % 2 == 0)
            {
                answer.Dispose();
                throw new HttpRequestException("the connection was cut by a test");
            }

            return answer;
        }
    }
}

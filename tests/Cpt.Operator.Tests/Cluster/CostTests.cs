using System.Collections.Concurrent;
using System.Globalization;
using Cpt.Api;
using Cpt.StandIn;
using Microsoft.AspNetCore.Builder;

namespace Cpt.Operator.Tests.Cluster;

/// <summary>What a run costs the API server, and what the operator shows of it.</summary>
[Trait("Category", "Cluster")]
public sealed class CostTests(Clusters clusters)
{
    [Fact]
    public async Task ACleanStageCostsAtMostSixWritesAndANeedlessLookNone()
    {
        await using var world = await clusters.OpenAsync();
        var writes = new Writes();
        await world.StartOperatorAsync(adjust: settings => settings.Client = settings.Client with { WrapHandler = inner => writes.Around(inner) });
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity"), A.Stage("half"), A.Stage("copy"), A.Stage("reverse"), A.Stage("rotate")] }));
        await world.WaitForAsync(Reasons.AllStagesFinished);
        await Eventually.ThatAsync(async () => (await world.EventsAsync()).Any(told => told.Reason == "RunSucceeded"));

        // With the dry run for the template, the first status and the event of the run's own end.
        Assert.True(writes.Count <= 5 * 6, $"{writes.Count} writes: {writes}");
        Assert.Equal(1, writes.Of("dryRun=All"));
        Assert.Equal(5 + 1, writes.Of("POST /apis/batch/v1"));

        var before = writes.Count;
        await world.PatchAsync("""{"metadata":{"annotations":{"note":"look again"}}}""");
        await world.PatchAsync("""{"spec":{"ttlSecondsAfterFinished":86400}}""");
        var status = await world.WaitForAsync(now => now.ObservedGeneration == 2);
        Assert.Equal(Reasons.AllStagesFinished, status.Reason);
        // The new generation is noted; the annotation leads to nothing.
        Assert.Equal(before + 1, writes.Count);
    }

    [Fact]
    public async Task MetricsShowRunsWhileTheyAreThere()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Evicted() }).On("half", 1, new AttemptScript { Ending = new Ending.Exits(70, "Bug") }));
        var application = await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Retry = new RetrySettings { Backoff = new BackoffSettings { InitialSeconds = 0 } } }));
        await world.WaitForAsync(Reasons.AllStagesFinished);
        await Eventually.ThatAsync(async () => (await MetricsAsync(application)).Contains("cpt_runs{reason=\"AllStagesFinished\"} 1", StringComparison.Ordinal));

        var shown = await MetricsAsync(application);
        var of = $"namespace=\"{world.Namespace}\",run=\"demo\"";

        Assert.Equal(87.5, Value(shown, $"cpt_run_average_accuracy{{namespace=\"{world.Namespace}\",run=\"demo\"}}"));
        Assert.Equal(-25, Value(shown, $"cpt_run_forgetting{{namespace=\"{world.Namespace}\",run=\"demo\"}}"));
        Assert.Equal(75, Value(shown, $"cpt_run_accuracy{{namespace=\"{world.Namespace}\",run=\"demo\",after_stage=\"half\",task=\"parity\",after_index=\"02\",task_index=\"01\"}}"));
        Assert.Equal(100, Value(shown, $"cpt_run_stage_average_accuracy{{{of},after_stage=\"parity\",after_index=\"01\"}}"));
        Assert.Equal(87.5, Value(shown, $"cpt_run_stage_average_accuracy{{{of},after_stage=\"half\",after_index=\"02\"}}"));
        Assert.Equal(-25, Value(shown, $"cpt_run_stage_forgetting{{{of},after_stage=\"half\",after_index=\"02\"}}"));
        Assert.Equal(1, Value(shown, $"cpt_run_info{{{of},reason=\"AllStagesFinished\",stage=\"\",methods=\"SFT\"}}"));
        Assert.Equal(1, Value(shown, $"cpt_run_condition{{{of},condition=\"Succeeded\",status=\"True\",reason=\"AllStagesFinished\"}}"));
        Assert.Equal(1, Value(shown, $"cpt_run_condition{{{of},condition=\"Stalled\",status=\"False\",reason=\"Finished\"}}"));
        Assert.Equal(2, Value(shown, $"cpt_run_stages{{{of}}}"));
        Assert.Equal(2, Value(shown, $"cpt_run_stages_finished{{{of}}}"));
        Assert.Equal(1, Value(shown, $"cpt_run_preemptions{{{of}}}"));
        Assert.Equal(1, Value(shown, $"cpt_run_retries{{{of}}}"));
        Assert.Equal(3, Value(shown, $"cpt_run_max_retries{{{of}}}"));
        var (began, ended) = (Value(shown, $"cpt_run_stage_started_timestamp_seconds{{{of},stage=\"half\",method=\"SFT\"}}"), Value(shown, $"cpt_run_stage_finished_timestamp_seconds{{{of},stage=\"half\",method=\"SFT\"}}"));
        Assert.InRange(ended, began, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        Assert.Equal(1, Value(shown, "cpt_stage_preemptions_total"));
        Assert.Equal(1, Value(shown, "cpt_stage_retries_total{reason=\"Bug\"}"));
        // The second stage after the first, and each second attempt after its first.
        Assert.Equal(3, Value(shown, "cpt_stage_handoff_seconds_count"));
        Assert.Equal(2, Value(shown, "cpt_stage_duration_seconds_count{method=\"SFT\",result=\"Succeeded\"}"));

        await world.Client.DeleteAsync<Cpt.Runs.RunObject>("demo", world.Namespace);
        await Eventually.ThatAsync(async () => !(await MetricsAsync(application)).Contains("cpt_run_average_accuracy{", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheOperatorIsReadyOnceItsCachesAreFull()
    {
        await using var world = await clusters.OpenAsync();
        var application = await world.StartOperatorAsync();
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.First()) };

        await Eventually.ThatAsync(async () => (await http.GetAsync("/readyz")).IsSuccessStatusCode);

        Assert.True((await http.GetAsync("/healthz")).IsSuccessStatusCode);
    }

    private static async Task<string> MetricsAsync(WebApplication application)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(application.Urls.First() + "/metrics");
    }

    private static double Value(string metrics, string series) =>
        metrics.Split('\n').FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(series.Length + 1)..].Split(' ')[0], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"{series} is not shown; there are {string.Join("; ", metrics.Split('\n').Where(line => line.StartsWith("cpt_", StringComparison.Ordinal)))}");

    private sealed class Writes
    {
        private readonly ConcurrentQueue<string> _calls = [];

        public int Count => _calls.Count;

        public int Of(string part) => _calls.Count(call => call.Contains(part, StringComparison.Ordinal));

        public HttpMessageHandler Around(HttpMessageHandler inner) => new Counting(this) { InnerHandler = inner };

        public override string ToString() => string.Join(", ", _calls.GroupBy(call => call.Split('?')[0], StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}"));

        private sealed class Counting(Writes writes) : DelegatingHandler
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                if (request.Method != HttpMethod.Get)
                {
                    writes._calls.Enqueue($"{request.Method} {request.RequestUri!.PathAndQuery}");
                }

                return base.SendAsync(request, cancellationToken);
            }
        }
    }
}

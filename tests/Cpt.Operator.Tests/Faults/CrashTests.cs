using System.Collections.Concurrent;
using System.Globalization;
using Cpt.Api;

namespace Cpt.Operator.Tests.Faults;

/// <summary>
/// The operator is killed before and after each of its API calls in turn, and another one is started: whatever was lost, every attempt has one Job and no more, no finished stage runs again, and the
/// end is the same as undisturbed.
/// </summary>
[Trait("Category", "Cluster")]
public sealed class CrashTests(FaultCluster cluster) : IClassFixture<FaultCluster>
{
    /// <summary>Replays side by side.</summary>
    private const int Parallel = 8;

    [Fact]
    public async Task UndisturbedTheChainRunsToItsEndWithOneRetryAndOnePreemption()
    {
        var (status, _, jobs) = await PlayAsync(new Wire());

        Assert.Equal(Reasons.AllStagesFinished, status.Reason);
        Assert.Equal((1, 1), (status.Retries, status.Preemptions));
        Assert.Equal([(1, 0, 0), (2, 0, 1), (1, 0, 0), (2, 1, 0), (1, 0, 0)], status.Stages.Select(stage => (stage.Attempts, stage.Retries, stage.Preemptions)));
        Assert.Equal(Chain.Jobs, jobs);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KilledAtAnyOfItsCallsNothingIsDoneTwiceAndTheEndIsTheSame(bool after)
    {
        var undisturbed = new Wire();
        var (expected, @namespace, _) = await PlayAsync(undisturbed);
        var text = Chain.Comparable(expected, @namespace);
        // How often the watches wake it varies by a few calls; a number beyond the last one is a run without a crash.
        var calls = undisturbed.Count + 3;
        var failures = new ConcurrentQueue<string>();
        var crashed = 0;

        await System.Threading.Tasks.Parallel.ForEachAsync(Enumerable.Range(1, calls), new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (call, _) =>
        {
            var which = "";
            var wire = new Wire((number, request) =>
            {
                if (number != call)
                {
                    return Fault.None;
                }

                which = $"{request.Method} {request.RequestUri!.PathAndQuery}";
                return after ? Fault.KillAfter : Fault.KillBefore;
            });
            try
            {
                var (status, name, jobs) = await PlayAsync(wire);
                Interlocked.Add(ref crashed, wire.Cut.IsCompleted && which.Length > 0 ? 1 : 0);
                Assert.Equal(Chain.Jobs, jobs);
                Assert.Equal(text, Chain.Comparable(status, name));
            }
            catch (Exception error)
            {
                failures.Enqueue(string.Create(CultureInfo.InvariantCulture, $"killed {(after ? "after" : "before")} call {call} ({which}): {error.Message}"));
            }
        });

        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
        Assert.InRange(crashed, calls - 12, calls);
    }

    /// <summary>With this wire until it is cut, and from then on with a new process.</summary>
    private async Task<(ContinualRunStatus Status, string Namespace, IReadOnlyList<string> Jobs)> PlayAsync(Wire wire)
    {
        var name = await cluster.NewChainAsync();
        using var over = new CancellationTokenSource();
        var first = cluster.StartOperator(name, wire);
        try
        {
            var end = cluster.EndOfAsync(name, over.Token);
            await Task.WhenAny(end, wire.Cut);
            if (end.IsCompleted)
            {
                return (await end, name, cluster.JobsOf(name));
            }

            await using var second = cluster.StartOperator(name);
            return (await end, name, cluster.JobsOf(name));
        }
        finally
        {
            await over.CancelAsync();
            await first.DisposeAsync();
        }
    }
}

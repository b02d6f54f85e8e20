using System.Globalization;
using Cpt.Kubernetes;

namespace Cpt.Controllers.Tests;

public sealed class WorkQueueTests : IDisposable
{
    private static readonly ObjectKey s_a = new("ns", "a");
    private static readonly ObjectKey s_b = new("ns", "b");

    private readonly ManualTime _time = new();
    private readonly OperatorMetrics _metrics = new(new());
    private readonly WorkQueue _queue;

    public WorkQueueTests() => _queue = new(_time, new(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(1000)), new(_metrics, "widget"));

    public void Dispose()
    {
        _queue.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task ItemsComeInTheOrderTheyWereAdded()
    {
        _queue.Add(s_a);
        _queue.Add(s_b);
        Assert.Equal([s_a, s_b], [await TakeAsync(), await TakeAsync()]);
    }

    [Fact]
    public async Task AddingTheSameItemAgainHasNoEffect()
    {
        _queue.Add(s_a);
        _queue.Add(s_a);
        Assert.Equal(1, _queue.Depth);
        Assert.Equal(s_a, await TakeAsync());
        Assert.Equal(0, _queue.Depth);
        AssertNothingIsReady();
    }

    [Fact]
    public async Task AnItemAddedWhileItIsWorkedOnComesAgainAfterwardsAndNotBefore()
    {
        _queue.Add(s_a);
        var a = await TakeAsync();
        _queue.Add(s_a);
        _queue.Add(s_a);
        AssertNothingIsReady();
        _queue.Done(a);
        Assert.Equal(1, _queue.Depth);
        Assert.Equal(s_a, await TakeAsync());
    }

    [Fact]
    public async Task AnItemThatComesAgainStandsBehindThoseThatWait()
    {
        _queue.Add(s_a);
        var a = await TakeAsync();
        _queue.Add(s_a);
        _queue.Add(s_b);
        _queue.Done(a);
        Assert.Equal([s_b, s_a], [await TakeAsync(), await TakeAsync()]);
    }

    [Fact]
    public void WhatWasNotTakenCannotBeDone() =>
        Assert.Contains("ns/a was not taken", Assert.Throws<InvalidOperationException>(() => _queue.Done(s_a)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task OneItemIsNeverWithTwoWorkersAndNoneIsForgotten()
    {
        const int Workers = 8, Keys = 20, Rounds = 200;
        var (added, seen, inside) = (new int[Keys], new int[Keys], new int[Keys]);
        using var queue = new WorkQueue(TimeProvider.System, new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)), new(_metrics, "many"));
        var working = Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            while (await queue.TakeAsync() is { } key)
            {
                var i = int.Parse(key.Name, CultureInfo.InvariantCulture);
                Assert.Equal(1, Interlocked.Increment(ref inside[i]));
                // What a reconcile does: it looks at the newest state.
                Volatile.Write(ref seen[i], Volatile.Read(ref added[i]));
                await Task.Yield();
                Interlocked.Decrement(ref inside[i]);
                queue.Done(key);
            }
        })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                for (var i = 0; i < Keys; i++)
                {
                    Interlocked.Increment(ref added[i]);
                    var key = new ObjectKey(null, i.ToString(CultureInfo.InvariantCulture));
                    if (round % 3 == 0)
                    {
                        queue.AddAfter(key, TimeSpan.FromMilliseconds(1));
                    }
                    else
                    {
                        queue.Add(key);
                    }
                }
            }
        })));

        await Eventually.ThatAsync(() => seen.SequenceEqual(added));
        await queue.ShutDown();
        await Task.WhenAll(working);
    }

    [Fact]
    public async Task ADelayedItemComesAtItsTimeAndNotAMomentBefore()
    {
        _queue.AddAfter(s_a, TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        AssertNothingIsReady();
        _time.Advance(TimeSpan.FromTicks(1) + TimeSpan.FromMilliseconds(1));
        Assert.Equal(s_a, await TakeAsync());
    }

    [Fact]
    public async Task OfTwoDelaysTheEarlierCountsWhicheverCameFirst()
    {
        _queue.AddAfter(s_a, TimeSpan.FromSeconds(10));
        _queue.AddAfter(s_a, TimeSpan.FromSeconds(5));
        _queue.AddAfter(s_b, TimeSpan.FromSeconds(5));
        _queue.AddAfter(s_b, TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([s_a, s_b], new[] { await TakeAsync(), await TakeAsync() }.Order(Comparer<ObjectKey>.Create((x, y) => string.CompareOrdinal(x.Name, y.Name))));
        _queue.Done(s_a);
        _queue.Done(s_b);
        // The later delay of each is void: it would only find an object that was just looked at.
        _time.Advance(TimeSpan.FromSeconds(20));
        AssertNothingIsReady();
    }

    [Fact]
    public void OneTimerIsSetForTheEarliestAndNobodyPolls()
    {
        for (var i = 0; i < 1000; i++)
        {
            _queue.AddAfter(new("ns", i.ToString(CultureInfo.InvariantCulture)), TimeSpan.FromHours(2 + i));
        }

        _queue.AddAfter(s_a, TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromHours(1), _time.NextTimer);
        Assert.Equal(2, _time.TimesArmed);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(2, _time.TimesArmed);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromHours(1), _time.NextTimer);
    }

    [Fact]
    public async Task ADelayOfMonthsIsKept()
    {
        _queue.AddAfter(s_a, TimeSpan.FromDays(90));
        _time.Advance(TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1));
        AssertNothingIsReady();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(s_a, await TakeAsync());
    }

    [Fact]
    public async Task AnItemWithADelayCanComeBeforeForAnotherReasonAndStillComesThen()
    {
        _queue.AddAfter(s_a, TimeSpan.FromSeconds(10));
        _queue.Add(s_a);
        _queue.Done(await TakeAsync());
        _queue.Forget(s_a);
        AssertNothingIsReady();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(s_a, await TakeAsync());
    }

    [Fact]
    public async Task ADelayThatEndsWhileTheItemIsWorkedOnIsNotLost()
    {
        _queue.Add(s_a);
        await TakeAsync();
        _queue.AddAfter(s_a, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        AssertNothingIsReady();
        _queue.Done(s_a);
        Assert.Equal(s_a, await TakeAsync());
    }

    [Fact]
    public async Task WhatWasPutOffComesWhenItIsAddedAndNotOnceMoreAtTheLimit()
    {
        _queue.PutOff(s_a, TimeSpan.FromSeconds(30));
        _queue.Add(s_a);
        _queue.Done(await TakeAsync());
        _time.Advance(TimeSpan.FromSeconds(60));
        AssertNothingIsReady();
    }

    [Fact]
    public async Task WhatWasPutOffAndThatNobodyAddsComesAtTheLimit()
    {
        _queue.Add(s_a);
        await TakeAsync();
        _queue.PutOff(s_a, TimeSpan.FromSeconds(30));
        _queue.Done(s_a);
        _time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(1));
        AssertNothingIsReady();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(s_a, await TakeAsync());
    }

    [Fact]
    public async Task PuttingOffLeavesADelayAsItIs()
    {
        _queue.AddAfter(s_a, TimeSpan.FromSeconds(10));
        _queue.PutOff(s_a, TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));
        _queue.Done(await TakeAsync());
        AssertNothingIsReady();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(s_a, await TakeAsync());
    }

    [Fact]
    public void TimesThatEarlierOnesMadeVoidDoNotPileUp()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _queue.AddAfter(s_a, TimeSpan.FromDays(7) - TimeSpan.FromSeconds(i));
        }

        Assert.InRange(_queue.Waiting, 1, 70);
        _time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(9_999));
        Assert.Equal(1, _queue.Depth);
    }

    [Fact]
    public void FailuresDoubleTheDelayFrom5MillisecondsTo1000Seconds()
    {
        var delays = Enumerable.Range(0, 20).Select(_ => _queue.AddRateLimited(s_a)).ToList();
        Assert.Equal([5, 10, 20, 40, 80], delays.Take(5).Select(delay => delay.TotalMilliseconds));
        Assert.Equal(TimeSpan.FromMilliseconds(5 * (1 << 17)), delays[17]);
        Assert.Equal(TimeSpan.FromSeconds(1000), delays[18]);
        Assert.Equal(TimeSpan.FromSeconds(1000), delays[19]);
        Assert.Equal(20, _queue.Failures(s_a));
    }

    [Fact]
    public void EachItemHasItsOwnBackoffAndForgettingEndsIt()
    {
        _queue.AddRateLimited(s_a);
        _queue.AddRateLimited(s_a);
        Assert.Equal(TimeSpan.FromMilliseconds(5), _queue.AddRateLimited(s_b));
        _queue.Forget(s_a);
        Assert.Equal(0, _queue.Failures(s_a));
        Assert.Equal(TimeSpan.FromMilliseconds(5), _queue.AddRateLimited(s_a));
    }

    [Fact]
    public async Task ShuttingDownEndsWaitingWorkersAndTakesUpNothingMore()
    {
        var waiting = _queue.TakeAsync().AsTask();
        await _queue.ShutDown();
        Assert.Null(await waiting);
        _queue.Add(s_a);
        _queue.AddAfter(s_b, TimeSpan.Zero);
        Assert.Null(await _queue.TakeAsync());
    }

    [Fact]
    public async Task ShuttingDownWaitsForWhatIsWorkedOnAndHandsOutNothingElse()
    {
        _queue.Add(s_a);
        _queue.Add(s_b);
        await TakeAsync();
        var drained = _queue.ShutDown();
        Assert.False(drained.IsCompleted);
        Assert.Null(await _queue.TakeAsync());
        _queue.Done(s_a);
        await drained;
    }

    [Fact]
    public async Task WorkInProgressIsMeasured()
    {
        _queue.Add(s_a);
        _queue.Add(s_b);
        await TakeAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        await TakeAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), 2), _queue.Working());
        var page = _metrics.Render();
        Assert.Contains("workqueue_unfinished_work_seconds{name=\"widget\",controller=\"widget\"} 4\n", page, StringComparison.Ordinal);
        Assert.Contains("workqueue_longest_running_processor_seconds{name=\"widget\",controller=\"widget\"} 3\n", page, StringComparison.Ordinal);
        Assert.Contains("workqueue_queue_duration_seconds_sum{name=\"widget\",controller=\"widget\"} 2\n", page, StringComparison.Ordinal);
        Assert.Contains("workqueue_adds_total{name=\"widget\",controller=\"widget\"} 2\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddingTakingAndDoneAllocateLittle()
    {
        for (var i = 0; i < 1000; i++)
        {
            await CycleAsync();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            await CycleAsync();
        }

        // The item itself, which is let go of when nothing is known of it any more.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 200);

        async ValueTask CycleAsync()
        {
            _queue.Add(s_a);
            await _queue.TakeAsync();
            _queue.Forget(s_a);
            _queue.Done(s_a);
        }
    }

    private async Task<ObjectKey> TakeAsync() => (await _queue.TakeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)))!.Value;

    private void AssertNothingIsReady() => Assert.Equal(0, _queue.Depth);
}

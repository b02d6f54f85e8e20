using System.Collections.Concurrent;

namespace Cpt.StandIn.Tests;

public sealed class WorkQueueTests
{
    [Fact]
    public async Task OneKeyIsNeverWorkedOnTwiceAtATimeAndWhatComesInMeanwhileIsNotLost()
    {
        var started = new SemaphoreSlim(0);
        var gate = new SemaphoreSlim(0);
        int now = 0, most = 0, done = 0;
        var queue = Create(async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            started.Release();
            await gate.WaitAsync();
            Interlocked.Decrement(ref now);
            Interlocked.Increment(ref done);
        });
        using var end = new CancellationTokenSource();
        var running = queue.RunAsync(end.Token);

        queue.Add("a");
        await started.WaitAsync();
        queue.Add("a");
        queue.Add("a");
        gate.Release(3);
        await started.WaitAsync();
        await Eventually.ThatAsync(() => Volatile.Read(ref done) == 2);

        Assert.Equal(1, most);
        Assert.False(started.Wait(0));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task AFailureIsToldAndTriedAgain()
    {
        var tries = 0;
        var troubles = new ConcurrentQueue<string>();
        var queue = Create(_ => Interlocked.Increment(ref tries) == 1 ? throw new IOException("no luck") : Task.CompletedTask, troubles.Enqueue);
        using var end = new CancellationTokenSource();
        _ = queue.RunAsync(end.Token);
        queue.Add("a");
        await Eventually.ThatAsync(() => Volatile.Read(ref tries) == 2);
        Assert.Equal(["a: no luck"], troubles);
        await end.CancelAsync();
    }

    [Theory]
    [InlineData(new int[0], "")]
    [InlineData(new[] { 0 }, "0")]
    [InlineData(new[] { 0, 1 }, "0,1")]
    [InlineData(new[] { 0, 1, 2, 5, 7, 8, 9 }, "0-2,5,7-9")]
    public void IndexesAreWrittenAsTheServerReadsThem(int[] indexes, string text) => Assert.Equal(text, JobStatuses.Ranges(indexes));

    private static WorkQueue<string> Create(Func<string, Task> work, Action<string>? onTrouble = null) =>
        new((key, _) => work(key), workers: 4, TimeProvider.System, onTrouble ?? (_ => { }));
}

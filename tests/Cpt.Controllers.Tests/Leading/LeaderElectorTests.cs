using Microsoft.Extensions.Logging.Abstractions;

namespace Cpt.Controllers.Tests;

/// <summary>Elections by clocks that are moved by hand: each process has its own.</summary>
public sealed class LeaderElectorTests : IAsyncDisposable
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);

    private readonly LeaseInMemory _lease = new();
    private readonly OperatorMetrics _metrics = new(new());
    private readonly List<Candidate> _candidates = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var candidate in _candidates)
        {
            await candidate.DisposeAsync();
        }

        _metrics.Dispose();
    }

    [Fact]
    public async Task TheFirstTakesALeaseThatNobodyHas()
    {
        var a = Start("a");
        await a.LeadsAsync();
        Assert.Equal(("a", 15, 0), (_lease.Lease!.Spec.HolderIdentity, _lease.Lease.Spec.LeaseDurationSeconds, _lease.Lease.Spec.LeaseTransitions));
        Assert.Contains("leader_election_master_status{name=\"lease\"} 1\n", _metrics.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALeaderThatRenewsKeepsItAndTheOtherWaits()
    {
        var (a, b) = await PairAsync();
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.True(a.Fence.IsOpen);
        Assert.False(b.Fence.IsOpen);
        Assert.Equal("a", b.Elector.Leader);
        // Once in two seconds, and no more.
        Assert.InRange(_lease.Writes, 50, 62);
    }

    [Fact]
    public async Task AReleasedLeaseIsTakenAtOnce()
    {
        var (a, b) = await PairAsync();
        await a.StopAsync();
        await b.LeadsAsync(); // no clock has moved
        Assert.False(a.Fence.IsOpen);
        Assert.Equal(("b", 1), (_lease.Lease!.Spec.HolderIdentity, _lease.Lease.Spec.LeaseTransitions));
    }

    [Fact]
    public async Task ALeaseWhoseHolderVanishedIsTakenAfterItsDurationAndNotBefore()
    {
        var (a, b) = await PairAsync();
        a.Kill();
        await PassAsync(TimeSpan.FromSeconds(14.8));
        Assert.False(b.Fence.IsOpen);
        await PassAsync(TimeSpan.FromSeconds(0.4));
        await b.LeadsAsync();
    }

    [Fact]
    public async Task ALeaderThatCannotRenewStopsWritingAtItsDeadlineBeforeAnotherBegins()
    {
        var (a, b) = await PairAsync();
        a.Door.IsCut = true;
        await PassAsync(TimeSpan.FromSeconds(9.9));
        Assert.True(a.Fence.IsOpen);
        await PassAsync(TimeSpan.FromSeconds(0.2));
        Assert.False(a.Fence.IsOpen);
        Assert.Contains("not renewed within 10 s", await a.LostAsync(), StringComparison.Ordinal);
        Assert.True(a.Fence.Term.IsCancellationRequested);
        Assert.False(b.Fence.IsOpen);
        await PassAsync(TimeSpan.FromSeconds(5.2));
        await b.LeadsAsync();
    }

    [Fact]
    public async Task AServerThatIsAwayForAMomentCostsNothing()
    {
        var (a, _) = await PairAsync();
        a.Door.IsCut = true;
        await PassAsync(TimeSpan.FromSeconds(7));
        a.Door.IsCut = false;
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.True(a.Fence.IsOpen);
        Assert.Equal(0, _lease.Lease!.Spec.LeaseTransitions);
    }

    [Fact]
    public async Task ARenewalWhoseAnswerWasLostIsNoLostLease()
    {
        var (a, _) = await PairAsync();
        a.Door.LosesAnswers = true;
        await PassAsync(TimeSpan.FromSeconds(5));
        a.Door.LosesAnswers = false;
        await PassAsync(TimeSpan.FromSeconds(30));
        Assert.True(a.Fence.IsOpen);
        Assert.Equal("a", _lease.Lease!.Spec.HolderIdentity);
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public async Task NobodyBelievesAnothersTimeOfDay(int skew)
    {
        var (a, b) = await PairAsync(TimeSpan.FromSeconds(skew));
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.True(a.Fence.IsOpen);
        Assert.False(b.Fence.IsOpen);
        a.Kill();
        await PassAsync(TimeSpan.FromSeconds(14.8));
        Assert.False(b.Fence.IsOpen);
        await PassAsync(TimeSpan.FromSeconds(0.4));
        await b.LeadsAsync();
    }

    [Theory]
    [InlineData(1.3)]
    [InlineData(0.8)]
    public async Task ClocksThatRunUnequallyFastDoNotMakeTwoLeaders(double rate)
    {
        // Deadline and duration are 10 and 15 s: half again as fast is what they bear.
        var (a, b) = await PairAsync(rate: rate);
        a.Door.IsCut = true;
        for (var i = 0; i < 250; i++)
        {
            await PassAsync(s_step);
            Assert.False(a.Fence.IsOpen && b.Fence.IsOpen);
        }

        await b.LeadsAsync();
    }

    [Fact]
    public async Task AStandbyWhoseWatchIsSilentLooksBeforeItTakes()
    {
        var (a, b) = await PairAsync();
        b.Door.IsCut = true;
        await PassAsync(TimeSpan.FromSeconds(60));
        b.Door.IsCut = false;
        await PassAsync(TimeSpan.FromSeconds(14));
        Assert.True(a.Fence.IsOpen);
        Assert.False(b.Fence.IsOpen);
    }

    [Fact]
    public async Task ADeletedLeaseIsRespectedAsLongAsItsHolderMayCountOnIt()
    {
        var (a, b) = await PairAsync();
        a.Kill();
        _lease.Delete();
        await PassAsync(TimeSpan.FromSeconds(14));
        Assert.Null(_lease.Lease);
        await PassAsync(TimeSpan.FromSeconds(2));
        await b.LeadsAsync();
    }

    [Fact]
    public async Task ALeaderWhoseLeaseWasDeletedMakesItAnew()
    {
        var a = Start("a");
        await a.LeadsAsync();
        _lease.Delete();
        await PassAsync(TimeSpan.FromSeconds(4));
        Assert.Equal("a", _lease.Lease!.Spec.HolderIdentity);
        Assert.True(a.Fence.IsOpen);
    }

    [Fact]
    public async Task ALeaderThatFindsAnotherHolderStopsAtOnce()
    {
        var a = Start("a");
        await a.LeadsAsync();
        _lease.Put(new() { HolderIdentity = "thief", LeaseDurationSeconds = 15 });
        await PassAsync(TimeSpan.FromSeconds(2.1));
        Assert.Equal("thief holds it", await a.LostAsync());
        Assert.False(a.Fence.IsOpen);
    }

    [Fact]
    public async Task AHolderWithALongerDurationThanOursIsGivenItsTime()
    {
        _lease.Put(new() { HolderIdentity = "other", LeaseDurationSeconds = 60 });
        var b = Start("b");
        await PassAsync(TimeSpan.FromSeconds(59));
        Assert.False(b.Fence.IsOpen);
        await PassAsync(TimeSpan.FromSeconds(2));
        await b.LeadsAsync();
    }

    [Fact]
    public async Task OfManyThatWaitOneTakesIt()
    {
        var all = Enumerable.Range(0, 5).Select(i => Start("c" + i.ToString(System.Globalization.CultureInfo.InvariantCulture))).ToList();
        await Eventually.ThatAsync(() => all.Any(candidate => candidate.Fence.IsOpen));
        for (var round = 0; round < 4; round++)
        {
            var leader = Assert.Single(all, candidate => candidate.Fence.IsOpen);
            await leader.StopAsync();
            all.Remove(leader);
            await Eventually.ThatAsync(() => all.Any(candidate => candidate.Fence.IsOpen));
        }
    }

    private async Task<(Candidate Leader, Candidate Standby)> PairAsync(TimeSpan skew = default, double rate = 1)
    {
        var a = Start("a");
        await a.LeadsAsync();
        var b = Start("b", skew, rate);
        await Eventually.ThatAsync(() => b.Elector.Leader == "a" && b.Time.NextTimer is not null);
        return (a, b);
    }

    private Candidate Start(string identity, TimeSpan skew = default, double rate = 1)
    {
        var candidate = new Candidate(identity, new() { Skew = skew, Rate = rate }, _lease.NewDoor(), _metrics);
        _candidates.Add(candidate);
        return candidate;
    }

    /// <summary>Time passes for all, in steps small enough for each to act in its turn.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += s_step)
        {
            foreach (var candidate in _candidates)
            {
                candidate.Time.Advance(s_step);
            }

            foreach (var candidate in _candidates)
            {
                await candidate.SettledAsync();
            }
        }
    }

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task<string?> _life;

        public Candidate(string identity, ManualTime time, LeaseInMemory.Door door, OperatorMetrics metrics)
        {
            (Time, Door) = (time, door);
            Fence = new(time, isElected: true);
            Elector = new(door, new() { Identity = identity, LeaseName = "lease" }, Fence, metrics, time, NullLogger<LeaderElector>.Instance);
            _life = Task.Run(LiveAsync);
        }

        public ManualTime Time { get; }

        public LeaseInMemory.Door Door { get; }

        public WriteFence Fence { get; }

        public LeaderElector Elector { get; }

        public Task LeadsAsync() => Eventually.ThatAsync(() => Fence.IsOpen);

        public async Task<string> LostAsync() => await _life.WaitAsync(TimeSpan.FromSeconds(60)) ?? "";

        /// <summary>Everybody alive waits for a timer: there is nothing left to do before time goes on.</summary>
        public Task SettledAsync() => Eventually.ThatAsync(() => _life.IsCompleted || (Time.NextTimer is not null && Door.IsCaughtUp));

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _life;
            await Elector.ReleaseAsync();
        }

        /// <summary>Gone without a word.</summary>
        public void Kill()
        {
            Door.IsCut = true;
            _stop.Cancel();
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _life;
            Fence.Dispose();
            _stop.Dispose();
        }

        private async Task<string?> LiveAsync()
        {
            try
            {
                await Elector.AcquireAsync(_stop.Token);
                return await Elector.HoldAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }
}

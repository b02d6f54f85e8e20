using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using static Cpt.Controllers.Tests.Things;

namespace Cpt.Controllers.Tests;

public sealed class ExpectationStoreTests : IDisposable
{
    private static readonly ObjectKey s_owner = new("ns", "run");
    private static readonly ObjectKey s_item = new("ns", "job");

    private readonly ManualTime _time = new();
    private readonly OperatorMetrics _metrics;
    private readonly ServiceProvider _services;
    private readonly Informer<ConfigMap> _informer;
    private readonly ExpectationStore<Fleet> _store;

    public ExpectationStoreTests()
    {
        var settings = new OperatorSettings { Time = _time, Cluster = new() { Server = new("https://127.0.0.1:1") } };
        _metrics = new(settings);
        _informer = new(new(settings.Cluster), new(), settings, new(), _metrics, NullLogger<Informer<ConfigMap>>.Instance);
        _services = new ServiceCollection().AddSingleton(_informer).BuildServiceProvider();
        _store = new(_services, settings, NullLogger<ExpectationStore<Fleet>>.Instance);
    }

    public void Dispose()
    {
        _services.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void WhoExpectsNothingIsSatisfied() => Assert.True(_store.Satisfied(s_owner));

    [Fact]
    public void ACreatedObjectIsWaitedForUntilTheCacheHasIt()
    {
        _store.ExpectCreated<ConfigMap>(s_owner, s_item);
        Assert.False(_store.Satisfied(s_owner));
        Event(Map("other", 1));
        Assert.False(_store.Satisfied(s_owner));
        Event(Map("job", 2));
        Assert.True(_store.Satisfied(s_owner));
    }

    [Fact]
    public void ACreatedObjectThatCameAndWentUnseenIsNoLongerWaitedFor()
    {
        _store.ExpectCreated<ConfigMap>(s_owner, s_item);
        Event(Map("job", 2));
        Gone(Map("job", 3));
        Assert.True(_store.Satisfied(s_owner));
    }

    [Fact]
    public void ADeletedObjectIsWaitedForUntilItIsGoneOrOnItsWay()
    {
        Event(Map("job", 1));
        _store.ExpectDeleted<ConfigMap>(s_owner, s_item, "uid-job");
        Assert.False(_store.Satisfied(s_owner));
        var leaving = Map("job", 2);
        leaving.Metadata.DeletionTimestamp = _time.GetUtcNow();
        Event(leaving);
        Assert.True(_store.Satisfied(s_owner));
        _store.ExpectDeleted<ConfigMap>(s_owner, s_item, "uid-job");
        Gone(leaving);
        Assert.True(_store.Satisfied(s_owner));
    }

    [Fact]
    public void AnotherObjectOfADeletedOnesNameIsNotTheDeletedOne()
    {
        Event(Map("job", 1));
        _store.ExpectDeleted<ConfigMap>(s_owner, s_item, "uid-job");
        Event(Map("job", 2, uid: "another"));
        Assert.True(_store.Satisfied(s_owner));
    }

    [Theory]
    [InlineData(9, 10, false)]
    [InlineData(10, 10, true)]
    [InlineData(11, 10, true)]
    [InlineData(100, 99, true)]
    [InlineData(99, 100, false)]
    public void AnOlderVersionThanTheOneWrittenIsWaitedOut(int shown, int written, bool satisfied)
    {
        Event(Map("job", shown));
        _store.ExpectVersion(s_owner, Map("job", written));
        Assert.Equal(satisfied, _store.Satisfied(s_owner));
    }

    [Fact]
    public void OfTwoWritesTheLaterCounts()
    {
        Event(Map("job", 1));
        _store.ExpectVersion(s_owner, Map("job", 7));
        _store.ExpectVersion(s_owner, Map("job", 5)); // its answer came later
        Event(Map("job", 6));
        Assert.False(_store.Satisfied(s_owner));
        Event(Map("job", 7));
        Assert.True(_store.Satisfied(s_owner));
    }

    [Fact]
    public void AnObjectThatIsGoneWasWrittenInVain()
    {
        _store.ExpectVersion(s_owner, Map("job", 7));
        Assert.True(_store.Satisfied(s_owner));
    }

    [Fact]
    public void ARefusedWriteIsTakenBack()
    {
        _store.ExpectCreated<ConfigMap>(s_owner, s_item);
        _store.Abandon<ConfigMap>(s_owner, s_item);
        Assert.True(_store.Satisfied(s_owner));
        _store.Abandon<ConfigMap>(s_owner, s_item); // twice does no harm
    }

    [Fact]
    public void AllMustBeMet()
    {
        _store.ExpectCreated<ConfigMap>(s_owner, s_item);
        _store.ExpectCreated<ConfigMap>(s_owner, new("ns", "second"));
        Event(Map("job", 1));
        Assert.False(_store.Satisfied(s_owner));
        Event(Map("second", 2));
        Assert.True(_store.Satisfied(s_owner));
    }

    [Fact]
    public void OwnersDoNotWaitForEachOther()
    {
        _store.ExpectCreated<ConfigMap>(s_owner, s_item);
        Assert.True(_store.Satisfied(new("ns", "another")));
        Assert.True(_store.Satisfied(new("other", "run")));
    }

    [Fact]
    public void WaitingEndsWithItsTime()
    {
        _store.ExpectCreated<ConfigMap>(s_owner, s_item);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(10), _store.Remaining(s_owner));
        _store.ExpectCreated<ConfigMap>(s_owner, new("ns", "second"));
        Assert.Equal(TimeSpan.FromSeconds(30), _store.Remaining(s_owner));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(_store.Satisfied(s_owner));
    }

    [Fact]
    public void AnOwnerThatIsGoneLeavesNothingBehind()
    {
        _store.ExpectCreated<ConfigMap>(s_owner, s_item);
        _store.Forget(s_owner);
        Assert.True(_store.Satisfied(s_owner));
        _store.Forget(s_owner);
        Event(Map("job", 1));
    }

    [Theory]
    [InlineData("9", "10", true)]
    [InlineData("10", "9", false)]
    [InlineData("10", "10", false)]
    [InlineData("18446744073709551615", "18446744073709551616", true)]
    [InlineData("abc", "10", false)]
    [InlineData(null, "10", false)]
    [InlineData("10", "", false)]
    public void VersionsAreComparedAsNumbersAndOthersNotAtAll(string? version, string? than, bool older) => Assert.Equal(older, ResourceVersions.IsOlder(version, than));

    private void Event(ConfigMap map) => _informer.Take(new(WatchEventType.Modified, map));

    private void Gone(ConfigMap map) => _informer.Take(new(WatchEventType.Deleted, map));
}

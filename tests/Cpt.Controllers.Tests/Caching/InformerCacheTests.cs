using System.Globalization;
using Cpt.Kubernetes;
using static Cpt.Controllers.Tests.Things;

namespace Cpt.Controllers.Tests;

public sealed class InformerCacheTests
{
    private readonly InformerCache<ConfigMap> _cache = new(new Dictionary<string, Func<ConfigMap, IEnumerable<string>>>(StringComparer.Ordinal)
    {
        ["color"] = map => map.Metadata.Labels!.TryGetValue("color", out var color) ? [color] : [],
        ["labels"] = map => map.Metadata.Labels!.Keys.ToList(),
    });

    [Fact]
    public void AnObjectIsFoundByItsNameAndNamespace()
    {
        var map = Map("a", 1);
        _cache.Put(map);
        Assert.Same(map, _cache.Get("ns", "a"));
        Assert.Null(_cache.Get("other", "a"));
        Assert.Null(_cache.Get(null, "a"));
    }

    [Fact]
    public void AChangeReplacesTheObjectEverywhere()
    {
        _cache.Put(Map("a", 1, owner: "run", labels: ("color", "red")));
        var (newer, before) = (Map("a", 2, owner: "run", labels: ("color", "blue")), _cache.Get("ns", "a"));
        Assert.Same(before, _cache.Put(newer));
        Assert.Same(newer, Assert.Single(_cache.OwnedBy("uid-run")));
        Assert.Same(newer, Assert.Single(_cache.ByIndex("color", "blue")));
        Assert.Empty(_cache.ByIndex("color", "red"));
        Assert.Same(newer, Assert.Single(_cache.List()));
    }

    [Fact]
    public void AnObjectMayStandUnderSeveralValues()
    {
        _cache.Put(Map("a", 1, labels: [("x", "1"), ("y", "1")]));
        _cache.Put(Map("b", 2, labels: ("y", "1")));
        Assert.Equal(["a", "b"], Names(_cache.ByIndex("labels", "y")));
        _cache.Put(Map("a", 3, labels: ("x", "1")));
        Assert.Equal(["b"], Names(_cache.ByIndex("labels", "y")));
        Assert.Equal(["a"], Names(_cache.ByIndex("labels", "x")));
    }

    [Fact]
    public void AnIndexThatIsNotThereIsNamed()
    {
        var thrown = Assert.Throws<ArgumentException>(() => _cache.ByIndex("size", "1"));
        Assert.StartsWith("configmaps has no index \"size\"; there are: color, labels", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARemovedObjectIsNowhere()
    {
        _cache.Put(Map("a", 1, owner: "run", labels: ("color", "red")));
        Assert.Equal("a", _cache.Remove(new("ns", "a"))!.Metadata.Name);
        Assert.Null(_cache.Get("ns", "a"));
        Assert.Empty(_cache.List());
        Assert.Empty(_cache.OwnedBy("uid-run"));
        Assert.Empty(_cache.ByIndex("color", "red"));
        Assert.Null(_cache.Remove(new("ns", "a")));
    }

    [Fact]
    public void OnlyTheControllingOwnerCounts()
    {
        var map = Map("a", 1, owner: "run");
        map.Metadata.OwnerReferences!.Insert(0, new() { Uid = "uid-friend" });
        _cache.Put(map);
        Assert.Empty(_cache.OwnedBy("uid-friend"));
        Assert.Single(_cache.OwnedBy("uid-run"));
    }

    [Fact]
    public void AListThatWasHandedOutNeverChanges()
    {
        _cache.Put(Map("a", 1, owner: "run"));
        _cache.Put(Map("b", 2, owner: "run"));
        var (owned, all) = (_cache.OwnedBy("uid-run"), _cache.List());
        var (ownedBefore, allBefore) = (owned.ToList(), all.ToList());
        _cache.Put(Map("a", 3, owner: "run"));
        _cache.Put(Map("c", 4, owner: "run"));
        _cache.Remove(new("ns", "b"));
        Assert.Equal(ownedBefore, owned, ReferenceEqualityComparer.Instance);
        Assert.Equal(allBefore, all, ReferenceEqualityComparer.Instance);
        Assert.Equal(["a", "c"], Names(_cache.OwnedBy("uid-run")));
    }

    [Fact]
    public void ListsOfOneNamespaceHoldThatNamespaceAlone()
    {
        _cache.Put(Map("a", 1, @namespace: "x"));
        _cache.Put(Map("b", 2, @namespace: "y"));
        Assert.Equal(["a"], Names(_cache.List("x")));
        Assert.Equal(["a", "b"], Names(_cache.List()));
        _cache.Put(Map("c", 3, @namespace: "x"));
        Assert.Equal(["a", "c"], Names(_cache.List("x")));
    }

    [Fact]
    public void ReadingTwiceWithoutAChangeBetweenGivesTheSameList()
    {
        _cache.Put(Map("a", 1, owner: "run"));
        Assert.Same(_cache.List(), _cache.List());
        Assert.Same(_cache.OwnedBy("uid-run"), _cache.OwnedBy("uid-run"));
    }

    [Fact]
    public void AListInThePlaceOfAllTellsWhatChangedAndWhatIsGone()
    {
        Assert.False(_cache.HasSynced);
        _cache.Replace([Map("same", 1), Map("changed", 2), Map("gone", 3), Map("other", 4, uid: "first")]);
        Assert.True(_cache.HasSynced);
        var same = _cache.Get("ns", "same");

        var changes = _cache.Replace([Map("same", 1), Map("changed", 5), Map("new", 6), Map("other", 7, uid: "second")]);

        Assert.Equal(
            [("2", "5"), (null, "6"), ("4", "7"), ("3", null)],
            changes.Select(change => (change.Before?.Metadata.ResourceVersion, change.After?.Metadata.ResourceVersion)));
        Assert.Null(_cache.Get("ns", "gone"));
        // What did not change is not kept twice.
        Assert.Same(same, _cache.Get("ns", "same"));
    }

    [Fact]
    public async Task NoReaderSeesHalfAList()
    {
        var lists = Enumerable.Range(0, 2).Select(set => Enumerable.Range(0, 500).Select(i => Map("m" + i.ToString(CultureInfo.InvariantCulture), set + 1, owner: "run")).ToList()).ToArray();
        _cache.Replace(lists[0]);
        using var end = new CancellationTokenSource();
        var reading = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            var rounds = 0;
            while (!end.IsCancellationRequested || rounds == 0)
            {
                rounds++;
                foreach (var list in (IReadOnlyList<ConfigMap>[])[_cache.List(), _cache.OwnedBy("uid-run")])
                {
                    Assert.Equal(500, list.Count);
                    Assert.Single(list.Select(map => map.Metadata.ResourceVersion).Distinct(StringComparer.Ordinal));
                }
            }
        })).ToArray();
        for (var i = 0; i < 200; i++)
        {
            _cache.Replace(lists[i % 2 ^ 1].ConvertAll(map => map with { }));
        }

        await end.CancelAsync();
        await Task.WhenAll(reading);
    }

    [Fact]
    public void AsManyAsTenThousandAreIndexedWithoutSearchingThroughAll()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _cache.Put(Map("m" + i.ToString(CultureInfo.InvariantCulture), i + 1, owner: "run" + (i / 10).ToString(CultureInfo.InvariantCulture), labels: ("color", "red")));
        }

        Assert.Equal(10, _cache.OwnedBy("uid-run77").Count);
        Assert.Equal(10_000, _cache.ByIndex("color", "red").Count);
        var (before, seen) = (GC.GetAllocatedBytesForCurrentThread(), 0);
        for (var i = 0; i < 1000; i++)
        {
            seen += _cache.List().Count + _cache.ByIndex("color", "red").Count + _cache.OwnedBy("uid-run77").Count;
        }

        Assert.Equal(1000 * 20_010, seen);
        // One list of all is made once; nothing is copied for a reader.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400_000);
    }

    private static IEnumerable<string?> Names(IReadOnlyList<ConfigMap> maps) => maps.Select(map => map.Metadata.Name).Order(StringComparer.Ordinal);
}

using System.Collections.Concurrent;
using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>
/// The open expectations of one kind's entities. Whether one is met is read from the cache when somebody asks; an event is remembered only for objects that are awaited,
/// for those may come and go between two looks. Who waits is woken by the event itself, which enqueues the owner as any event of an owned object does.
/// </summary>
internal sealed class ExpectationStore<TOwner>(IServiceProvider services, OperatorSettings settings, ILogger<ExpectationStore<TOwner>> logger) : IExpectations<TOwner>
    where TOwner : class, IKubernetesObject
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, List<Expectation>> _open = [];
    private readonly ConcurrentDictionary<Type, object> _kinds = new();

    public void ExpectCreated<T>(ObjectKey owner, ObjectKey item)
        where T : class, IKubernetesObject
    {
        var kind = KindOf<T>();
        lock (_gate)
        {
            var expectation = Open(kind, owner, item);
            expectation.IsAwaited = true;
            kind.Awaited[item] = expectation;
        }
    }

    public void ExpectDeleted<T>(ObjectKey owner, ObjectKey item, string uid)
        where T : class, IKubernetesObject
    {
        lock (_gate)
        {
            Open(KindOf<T>(), owner, item).DeletedUid = uid;
        }
    }

    public void ExpectVersion<T>(ObjectKey owner, T written)
        where T : class, IKubernetesObject
    {
        lock (_gate)
        {
            var expectation = Open(KindOf<T>(), owner, ObjectKey.Of(written));
            if (!ResourceVersions.IsOlder(written.Metadata.ResourceVersion, expectation.Version))
            {
                expectation.Version = written.Metadata.ResourceVersion;
            }
        }
    }

    public void Abandon<T>(ObjectKey owner, ObjectKey item)
        where T : class, IKubernetesObject
    {
        lock (_gate)
        {
            if (_open.TryGetValue(owner, out var open))
            {
                Close(owner, open, open.FindIndex(expectation => expectation.Item == item && expectation.Kind == typeof(T)));
            }
        }
    }

    public bool Satisfied(ObjectKey owner) => Remaining(owner) is null;

    /// <summary>How long the owner's reconcile may still be put off; null: something is no longer to be waited for.</summary>
    public TimeSpan? Remaining(ObjectKey owner)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(owner, out var open))
            {
                return null;
            }

            TimeSpan? remaining = null;
            for (var i = open.Count - 1; i >= 0; i--)
            {
                var left = settings.ExpectationTimeout - settings.Time.GetElapsedTime(open[i].Since);
                if (open[i].IsMet)
                {
                    Close(owner, open, i);
                }
                else if (left <= TimeSpan.Zero)
                {
                    logger.NotMet(ResourceKind.Of<TOwner>().ToString(), owner, settings.ExpectationTimeout.TotalSeconds, open[i]);
                    Close(owner, open, i);
                }
                else if (remaining is null || left > remaining)
                {
                    remaining = left;
                }
            }

            return remaining;
        }
    }

    public void Forget(ObjectKey owner)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(owner, out var open))
            {
                for (var i = open.Count - 1; i >= 0; i--)
                {
                    Close(owner, open, i);
                }
            }
        }
    }

    private Expectation<T> Open<T>(KindOfObjects<T> kind, ObjectKey owner, ObjectKey item)
        where T : class, IKubernetesObject
    {
        if (!_open.TryGetValue(owner, out var open))
        {
            _open[owner] = open = [];
        }

        if (open.OfType<Expectation<T>>().FirstOrDefault(expectation => expectation.Item == item) is not { } found)
        {
            open.Add(found = new(item, kind.Informer.Cache, settings.Time.GetTimestamp()));
        }

        found.Since = settings.Time.GetTimestamp();
        return found;
    }

    private void Close(ObjectKey owner, List<Expectation> open, int index)
    {
        if (index < 0)
        {
            return;
        }

        if (_kinds.TryGetValue(open[index].Kind, out var kind))
        {
            ((IForgets)kind).Forget(open[index]);
        }

        open.RemoveAt(index);
        if (open.Count == 0)
        {
            _open.Remove(owner);
        }
    }

    private KindOfObjects<T> KindOf<T>()
        where T : class, IKubernetesObject => (KindOfObjects<T>)_kinds.GetOrAdd(
            typeof(T),
            static (_, services) => new KindOfObjects<T>(services.GetService<Informer<T>>() ?? throw new InvalidOperationException(
                $"{ResourceKind.Of<T>()} is not watched, so nobody would see what is expected of it: declare it with Owns<{typeof(T).Name}>(), Watches or AddCache")),
            services);

    private interface IForgets
    {
        void Forget(Expectation expectation);
    }

    private sealed class KindOfObjects<T> : IForgets
        where T : class, IKubernetesObject
    {
        public KindOfObjects(Informer<T> informer)
        {
            Informer = informer;
            informer.Subscribe(Seen);
        }

        public Informer<T> Informer { get; }

        public ConcurrentDictionary<ObjectKey, Expectation<T>> Awaited { get; } = new();

        public void Forget(Expectation expectation) => Awaited.TryRemove(KeyValuePair.Create(expectation.Item, (Expectation<T>)expectation));

        private void Seen(T? before, T? after)
        {
            if (!Awaited.IsEmpty && Awaited.TryRemove(ObjectKey.Of((after ?? before)!), out var expectation))
            {
                expectation.IsAwaited = false;
            }
        }
    }
}

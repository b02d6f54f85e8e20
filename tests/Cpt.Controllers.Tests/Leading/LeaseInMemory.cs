using System.Globalization;
using System.Runtime.CompilerServices;
using Cpt.Kubernetes;

namespace Cpt.Controllers.Tests;

/// <summary>A lease as the API server keeps it, with faults on demand.</summary>
internal sealed class LeaseInMemory
{
    private readonly Lock _gate = new();
    private readonly List<Lease?> _history = [];
    private Lease? _lease;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Lease? Lease
    {
        get
        {
            lock (_gate)
            {
                return _lease;
            }
        }
    }

    /// <summary>How often it was written.</summary>
    public int Writes { get; private set; }

    /// <summary>One process' way to it, which can be cut.</summary>
    public Door NewDoor() => new(this);

    public void Delete() => Set(null);

    public void Put(LeaseSpec spec) => Set(new() { Metadata = new() { Name = "lease", Namespace = "ns" }, Spec = spec });

    private Lease Set(Lease? lease)
    {
        lock (_gate)
        {
            Writes++;
            _lease = lease is null ? null : lease with { Metadata = lease.Metadata with { ResourceVersion = (_history.Count + 1).ToString(CultureInfo.InvariantCulture) } };
            _history.Add(_lease);
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _lease!;
        }
    }

    private static KubernetesException Conflict(string reason) => new("PATCH lease", new() { Code = 409, Reason = reason });

    internal sealed class Door(LeaseInMemory lease) : ILeaseStore
    {
        private const int NotWatching = -1;
        private int _position = NotWatching;

        /// <summary>Whether the watch, if there is one, has told all there is.</summary>
        public bool IsCaughtUp
        {
            get
            {
                lock (lease._gate)
                {
                    return IsCut || _position == NotWatching || _position == lease._history.Count;
                }
            }
        }

        /// <summary>No call arrives.</summary>
        public bool IsCut { get; set; }

        /// <summary>Calls arrive, and no answer comes.</summary>
        public bool LosesAnswers { get; set; }

        public Task<Lease?> ReadAsync(CancellationToken cancellation) => CallAsync(() => lease.Lease);

        public Task<Lease> CreateAsync(LeaseSpec spec, CancellationToken cancellation) => CallAsync(() =>
        {
            lock (lease._gate)
            {
                return lease._lease is null ? lease.Set(new() { Metadata = new() { Name = "lease", Namespace = "ns" }, Spec = spec }) : throw Conflict(StatusReason.AlreadyExists);
            }
        });

        public Task<Lease> WriteAsync(Lease before, LeaseSpec spec, CancellationToken cancellation) => CallAsync(() =>
        {
            lock (lease._gate)
            {
                return lease._lease is null ? throw new KubernetesException("PATCH lease", new() { Code = 404, Reason = StatusReason.NotFound })
                    : lease._lease.Metadata.ResourceVersion == before.Metadata.ResourceVersion ? lease.Set(before with { Spec = spec })
                    : throw Conflict(StatusReason.Conflict);
            }
        });

        public async IAsyncEnumerable<Lease?> WatchAsync(Lease from, [EnumeratorCancellation] CancellationToken cancellation)
        {
            try
            {
                for (var next = int.Parse(from.Metadata.ResourceVersion!, CultureInfo.InvariantCulture); ;)
                {
                    Task changed;
                    List<Lease?> news;
                    lock (lease._gate)
                    {
                        changed = lease._changed.Task;
                        news = IsCut ? [] : lease._history.GetRange(next, lease._history.Count - next);
                        _position = next;
                    }

                    foreach (var change in news)
                    {
                        next++;
                        yield return change;
                    }

                    if (news.Count == 0)
                    {
                        await changed.WaitAsync(cancellation);
                    }
                }
            }
            finally
            {
                _position = NotWatching;
            }
        }

        private Task<T> CallAsync<T>(Func<T> call)
        {
            if (IsCut)
            {
                return Task.FromException<T>(Unreachable());
            }

            try
            {
                var result = call();
                return LosesAnswers ? Task.FromException<T>(Unreachable()) : Task.FromResult(result);
            }
            catch (KubernetesException exception)
            {
                return Task.FromException<T>(exception);
            }
        }

        private static ApiUnreachableException Unreachable() => new("PATCH lease", new IOException("no answer"));
    }
}

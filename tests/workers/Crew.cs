using System.Runtime.ExceptionServices;
using Cpt.Torch;
using static Cpt.Torch.torch.distributed;

namespace Cpt.Tests;

/// <summary>
/// Several workers as threads of this process, over loopback: each has a group of its own, as a process would have.
/// </summary>
internal static class Crew
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>What each worker's work gives, by rank.</summary>
    public static T[] Run<T>(int size, Func<ProcessGroup, T> work) => Run(size, (group, _) => work(group));

    /// <summary>The same with two groups a worker.</summary>
    public static T[] Run<T>(int size, Func<ProcessGroup, ProcessGroup, T> work)
    {
        using var store = new TCPStore("localhost", 0, size, is_master: true, s_patience);
        var results = new T[size];
        var failures = new Exception?[size];
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                using var mine = rank == 0 ? null : new TCPStore("localhost", store.Port, size, is_master: false, s_patience);
                using var group = new ProcessGroup("gloo", mine ?? store, rank, size, s_patience, "one", "lo");
                using var other = new ProcessGroup("gloo", mine ?? store, rank, size, s_patience, "two", "lo");
                using var alone = torch.thread_count(1);
                results[rank] = work(group, other);
            }
            catch (Exception failure)
            {
                failures[rank] = failure;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        // The others only say that somebody is gone.
        var cause = Array.Find(failures, failure => failure is not null and not TorchException) ?? Array.Find(failures, failure => failure is not null);
        if (cause is not null) ExceptionDispatchInfo.Throw(cause);
        return results;
    }
}

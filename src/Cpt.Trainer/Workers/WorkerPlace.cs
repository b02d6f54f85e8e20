using System.Globalization;

namespace Cpt.Trainer.Workers;

/// <summary>Which of several workers this process is, by the variables that <c>torchrun</c> sets too.</summary>
/// <param name="Rank">Among all, from 0.</param>
/// <param name="Size">Of all nodes.</param>
/// <param name="LocalRank">Among those of this node.</param>
/// <param name="LocalSize">Of this node.</param>
/// <param name="MasterAddress">Where worker 0 is.</param>
/// <param name="MasterPort">On which it waits for the others.</param>
internal sealed record WorkerPlace(int Rank, int Size, int LocalRank, int LocalSize, string MasterAddress, int MasterPort)
{
    /// <summary>Nobody has to be reached over a network.</summary>
    public bool OneNode => LocalSize == Size;

    /// <param name="environment">Looks up an environment variable.</param>
    /// <returns>Null where <c>RANK</c> is not set: this process is the only one, or starts the others.</returns>
    /// <exception cref="FormatException">The message names the variable, the wrong value and what would be right.</exception>
    public static WorkerPlace? Of(Func<string, string?> environment)
    {
        if (environment("RANK") is not { Length: > 0 })
        {
            return null;
        }

        var size = WorkerVariables.Number(environment, "WORLD_SIZE", least: 1);
        var rank = WorkerVariables.Number(environment, "RANK", least: 0);
        var localSize = WorkerVariables.Number(environment, "LOCAL_WORLD_SIZE", least: 1, absent: 1);
        var localRank = WorkerVariables.Number(environment, "LOCAL_RANK", least: 0, absent: 0);
        if (rank >= size)
        {
            throw new FormatException($"RANK: {rank} is too large; WORLD_SIZE is {size}, so ranks are 0 to {size - 1}");
        }

        if (localRank >= localSize)
        {
            throw new FormatException($"LOCAL_RANK: {localRank} is too large; LOCAL_WORLD_SIZE is {localSize}, so local ranks are 0 to {localSize - 1}");
        }

        return new WorkerPlace(rank, size, localRank, localSize, WorkerVariables.Address(environment), WorkerVariables.Number(environment, "MASTER_PORT", least: 1, most: 65535));
    }
}

/// <summary>What a pod is told: how many nodes and processes there are; it starts its own workers.</summary>
/// <param name="Nodes">Pods of the stage.</param>
/// <param name="NodeRank">This one, from 0.</param>
/// <param name="Processes">Workers of each.</param>
/// <param name="MasterAddress">Where worker 0 is.</param>
/// <param name="MasterPort">On which it waits for the others; 0 takes a free one, which only works on one node.</param>
internal sealed record WorkerNode(int Nodes, int NodeRank, int Processes, string MasterAddress, int MasterPort)
{
    /// <summary>Of all nodes.</summary>
    public int Workers => Nodes * Processes;

    /// <returns>Null where one worker is all there is.</returns>
    /// <exception cref="FormatException">The message names the variable, the wrong value and what would be right.</exception>
    public static WorkerNode? Of(Func<string, string?> environment)
    {
        var nodes = WorkerVariables.Number(environment, "NNODES", least: 1, absent: 1);
        var processes = WorkerVariables.Number(environment, "NPROC_PER_NODE", least: 1, absent: 1);
        if (nodes * processes == 1)
        {
            return null;
        }

        var rank = WorkerVariables.Number(environment, "NODE_RANK", least: 0, absent: nodes == 1 ? 0 : null);
        if (rank >= nodes)
        {
            throw new FormatException($"NODE_RANK: {rank} is too large; NNODES is {nodes}, so nodes are 0 to {nodes - 1}");
        }

        return new WorkerNode(
            nodes, rank, processes, nodes == 1 ? environment("MASTER_ADDR") ?? "localhost" : WorkerVariables.Address(environment),
            WorkerVariables.Number(environment, "MASTER_PORT", least: nodes == 1 ? 0 : 1, most: 65535, absent: nodes == 1 ? 0 : null));
    }
}

internal static class WorkerVariables
{
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="name">Of the variable.</param>
    /// <param name="least">Smallest value that has a meaning.</param>
    /// <param name="most">Largest.</param>
    /// <param name="absent">The value where it is not set; null: it must be.</param>
    public static int Number(Func<string, string?> environment, string name, int least, int most = int.MaxValue, int? absent = null)
    {
        if (environment(name) is not { Length: > 0 } text)
        {
            return absent ?? throw new FormatException($"{name}: not set; several workers need it");
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name}: \"{text}\" is not a whole number of at least {least}{(most == int.MaxValue ? "" : $" and at most {most}")}");
    }

    public static string Address(Func<string, string?> environment) =>
        environment("MASTER_ADDR") is { Length: > 0 } address ? address : throw new FormatException("MASTER_ADDR: not set; it is the host of worker 0");

    /// <summary>How long the others may take to come: pods are scheduled, and images pulled, one after the other.</summary>
    public static TimeSpan Rendezvous(Func<string, string?> environment) => TimeSpan.FromSeconds(Number(environment, "CPT_RENDEZVOUS_SECONDS", least: 1, absent: 900));

    /// <summary>
    /// How long a collective may take. A dead worker is told by its lifeline at once; this is for one that lives and hangs, and must be longer than the longest
    /// thing that the others wait for: a checkpoint's upload.
    /// </summary>
    public static TimeSpan Collective(Func<string, string?> environment) => TimeSpan.FromSeconds(Number(environment, "CPT_COLLECTIVE_SECONDS", least: 1, absent: 7200));
}

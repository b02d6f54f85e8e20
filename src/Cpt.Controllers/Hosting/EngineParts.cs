namespace Cpt.Controllers;

/// <summary>What runs, and what ends each of it.</summary>
internal sealed class EngineParts : IDisposable
{
    public CancellationTokenSource Watching { get; } = new();

    public CancellationTokenSource Working { get; } = new();

    public CancellationTokenSource Telling { get; } = new();

    public CancellationTokenSource Leading { get; } = new();

    /// <summary>Ends work when the lease is lost, also while the process stops.</summary>
    public CancellationTokenRegistration BreakOff { get; set; }

    public Task[] Watches { get; set; } = [];

    public Task[] Workers { get; set; } = [];

    public Task Events { get; set; } = Task.CompletedTask;

    /// <summary>Ends with the reason when the lease is lost.</summary>
    public Task<string?>? Holding { get; set; }

    /// <summary>Waits, but no longer than all parts live: none of them ends by itself.</summary>
    /// <exception cref="LeaseLostException">The lease is lost.</exception>
    public async Task OrDeath(Task awaited)
    {
        List<Task> parts = [awaited, .. Watches, .. Workers, Events];
        if (Holding is not null)
        {
            parts.Add(Holding);
        }

        var ended = await Task.WhenAny(parts);
        await ended;
        if (ended == Holding)
        {
            throw new LeaseLostException(await Holding ?? "");
        }

        if (ended != awaited)
        {
            throw new InvalidOperationException("a part of the engine ended though nobody asked it to");
        }
    }

    /// <summary>Waits for the end, however it comes: why a part died was told when it did.</summary>
    public static async Task Ended(IEnumerable<Task?> parts)
    {
        foreach (var part in parts)
        {
            if (part is not null)
            {
                await part.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public void Dispose()
    {
        BreakOff.Dispose();
        Watching.Dispose();
        Working.Dispose();
        Telling.Dispose();
        Leading.Dispose();
    }
}

/// <summary>This process leads no longer.</summary>
internal sealed class LeaseLostException(string reason) : Exception(reason);

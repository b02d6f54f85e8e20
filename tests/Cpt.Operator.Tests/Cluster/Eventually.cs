namespace Cpt.Operator.Tests.Cluster;

/// <summary>Waits for what must come, and fails when it does not.</summary>
internal static class Eventually
{
    /// <summary>Only how long a broken test hangs.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public static async Task ThatAsync(Func<Task<bool>> condition)
    {
        using var end = new CancellationTokenSource(s_patience);
        while (!await condition())
        {
            await Task.Delay(20, end.Token);
        }
    }

    public static Task ThatAsync(Func<bool> condition) => ThatAsync(() => Task.FromResult(condition()));
}

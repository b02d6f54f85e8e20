namespace Cpt.EndToEnd.Tests;

/// <summary>Waits for what must come.</summary>
internal static class Patience
{
    /// <summary>Only how long a broken test hangs: everything here shares two cores with whoever else is at work.</summary>
    private static readonly TimeSpan s_most = TimeSpan.FromMinutes(8);

    /// <param name="what">For the message of a test that waited in vain.</param>
    /// <param name="look">The value that was waited for, or null; what it throws counts as not yet (a server may be down).</param>
    /// <param name="state">What to say of the world when it never came.</param>
    public static async Task<T> UntilAsync<T>(string what, Func<Task<T?>> look, Func<Task<string>>? state = null)
        where T : class
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(s_most);
        Exception? last = null;
        while (true)
        {
            try
            {
                if (await look() is { } found)
                {
                    return found;
                }

                last = null;
            }
            catch (Exception fault) when (fault is not OperationCanceledException and not Xunit.Sdk.XunitException)
            {
                last = fault;
            }

            try
            {
                await Task.Delay(200, end.Token);
            }
            catch (OperationCanceledException)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                throw new TimeoutException($"Waited {s_most} in vain: {what}. {(state is null ? "" : await state())}", last);
            }
        }
    }

    public static Task UntilAsync(string what, Func<Task<bool>> condition, Func<Task<string>>? state = null) =>
        UntilAsync(what, async () => await condition() ? what : null, state);
}

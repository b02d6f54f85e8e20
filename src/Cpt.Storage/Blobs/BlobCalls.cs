using System.Globalization;
using System.Net.Sockets;
using Azure;
using Azure.Identity;
using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>Gives every call to the blob service a bounded time, in which the SDK retries what may pass, and turns failures into messages.</summary>
internal sealed class BlobCalls(string location, string endpoint, string credential, TimeSpan giveUpAfter)
{
    /// <summary>Slowest transfer that is not taken for a dead connection.</summary>
    private const double SlowestBytesPerSecond = 32 << 10;

    public const string NoContainer = "ContainerNotFound";

    /// <param name="call">One request, or what is retried as one.</param>
    /// <param name="expected">Answers whose meaning the caller knows: these are raised as they are.</param>
    /// <param name="cancellationToken">The caller's own.</param>
    /// <param name="bytes">How much it moves, which gives it more time.</param>
    /// <exception cref="StageFailureException">69, worded for the person who runs the stage.</exception>
    public async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> call, Func<RequestFailedException, bool> expected, CancellationToken cancellationToken, long bytes = 0)
    {
        var time = giveUpAfter + TimeSpan.FromSeconds(bytes / SlowestBytesPerSecond);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(time);
        var seen = new LastFailure();
        try
        {
            using (LastFailure.Watch(seen)) return await call(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable(seen.Text ?? "no answer", time, error);
        }
        catch (RequestFailedException error) when (expected(error))
        {
            throw;
        }
        catch (AggregateException error)
        {
            throw Translate(error.InnerExceptions[^1], time, seen);
        }
        catch (Exception error) when (error is RequestFailedException or HttpRequestException or IOException or SocketException or AuthenticationFailedException or InvalidOperationException)
        {
            throw Translate(error, time, seen);
        }
    }

    private Exception Translate(Exception error, TimeSpan time, LastFailure seen) => error switch
    {
        CredentialUnavailableException => Refused($"no credential was found ({FirstLine(error)})", error),
        AuthenticationFailedException => Refused($"the identity was refused ({FirstLine(error)})", error),
        RequestFailedException { Status: 401 or 403 } refused => Refused($"{refused.Status} {refused.ErrorCode}", error),
        RequestFailedException { ErrorCode: "AccountIsDisabled" or "InsufficientAccountPermissions" } refused => Refused($"{refused.Status} {refused.ErrorCode}", error),
        RequestFailedException { Status: 0 } => Unreachable(FirstLine(error), time, error),
        RequestFailedException { Status: >= 500 or 429 or 408 } busy => Unreachable($"it answered {busy.Status} {busy.ErrorCode}", time, error),
        RequestFailedException { ErrorCode: NoContainer } => NoSuchContainer(error),
        RequestFailedException failed => StorageErrors.Unavailable($"{location}: {endpoint} answered {failed.Status} {failed.ErrorCode}: {failed.Message.Split('\n')[0]}", error),
        _ => Unreachable(seen.Text ?? FirstLine(error), time, error),
    };

    public StageFailureException NoSuchContainer(Exception error) =>
        StorageErrors.NotFound($"{location}: the container does not exist at {endpoint} and could not be created with {credential}; create it, or correct the storage URI", error);

    private StageFailureException Refused(string what, Exception error) => StorageErrors.Unavailable(
        $"{location}: access refused by {endpoint}: {what}. Used: {credential}. Looked at, in this order: {BlobAccount.Looked}. " +
        "The identity needs the role Storage Blob Data Contributor on the container; a SAS needs read, add, create, write, delete and list", error);

    private StageFailureException Unreachable(string what, TimeSpan time, Exception error) => StorageErrors.Unavailable(
        string.Create(CultureInfo.InvariantCulture, $"{location}: {endpoint} could not be reached within {time.TotalSeconds:0.#} s: {what}. ") +
        $"Check the address ({credential}), the network and the service; {StorageOptions.TimeoutVariable} says how long to try", error);

    internal static string FirstLine(Exception error) => (error.InnerException ?? error).Message.Split('\n')[0].Trim();
}

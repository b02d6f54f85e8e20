using System.Net.Sockets;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;

namespace Cpt.Trainer.Ending;

/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="Reason">CamelCase word for status and metrics.</param>
/// <param name="Message">One line for a person.</param>
/// <param name="Unforeseen">The stack belongs into the log.</param>
internal sealed record StageEnding(int ExitCode, string Reason, string Message, bool Unforeseen = false);

/// <summary>The one place that turns an exception into how the process ends.</summary>
internal static class Failures
{
    private const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;

    /// <param name="error">What ended the stage.</param>
    /// <param name="stopRequested">A stop was asked for, so cancellation is not a failure.</param>
    public static StageEnding Of(Exception error, bool stopRequested) => error switch
    {
        AggregateException { InnerExceptions: [var only] } => Of(only, stopRequested),
        StageFailureException known => new(known.ExitCode, known.Reason, known.Message),
        OperationCanceledException when stopRequested => new(ExitCodes.Stopped, "Stopped", "stopped on request"),
        NonFiniteLogitsException => new(ExitCodes.BadData, "NonFiniteLogits", error.Message),
        ModelFormatException => new(ExitCodes.BadData, "CorruptModel", error.Message),
        TaskDataException { NoSamples: true } => new(ExitCodes.BadData, "NoValidSamples", error.Message),
        TaskDataException task => new(ExitCodes.BadData, "BadTask", string.Join("; ", task.Errors)),
        TaskNotFoundException => new(ExitCodes.InputNotFound, "NotFound", error.Message),
        IOException { HResult: NoSpaceLeft or QuotaExceeded } => new(ExitCodes.StorageUnavailable, "StorageFull", error.Message),
        SocketException or HttpRequestException => new(ExitCodes.StorageUnavailable, "StorageUnavailable", error.Message),
        _ when IsOutOfMemory(error) => new(ExitCodes.Internal, "OutOfMemory", "memory is exhausted; lower microBatchSize or raise the memory limit", Unforeseen: true),
        PictureLibraryException => new(ExitCodes.Internal, "LibraryMissing", error.Message),
        DllNotFoundException => new(ExitCodes.Internal, "LibraryMissing", error.Message, Unforeseen: true),
        _ => new(ExitCodes.Internal, "Internal", $"{error.GetType().Name}: {error.Message}", Unforeseen: true),
    };

    private static bool IsOutOfMemory(Exception error) => error is OutOfMemoryException
        || (error is TorchException && (error.Message.Contains("not enough memory", StringComparison.Ordinal) || error.Message.Contains("out of memory", StringComparison.Ordinal)));
}

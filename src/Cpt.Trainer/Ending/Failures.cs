using System.Net.Sockets;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Trainer.Measuring;

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
    /// <param name="device">Memory of the device that computes, where it is none of the host's.</param>
    public static StageEnding Of(Exception error, bool stopRequested, DeviceMemory? device = null) => error switch
    {
        AggregateException { InnerExceptions: [var only] } => Of(only, stopRequested, device),
        StageFailureException known => new(known.ExitCode, known.Reason, known.Message),
        OperationCanceledException when stopRequested => new(ExitCodes.Stopped, "Stopped", "stopped on request"),
        NonFiniteLogitsException => new(ExitCodes.BadData, "NonFiniteLogits", error.Message),
        ModelFormatException => new(ExitCodes.BadData, "CorruptModel", error.Message),
        TaskDataException { NoSamples: true } => new(ExitCodes.BadData, "NoValidSamples", error.Message),
        TaskDataException task => new(ExitCodes.BadData, "BadTask", string.Join("; ", task.Errors)),
        TaskNotFoundException => new(ExitCodes.InputNotFound, "NotFound", error.Message),
        IOException { HResult: NoSpaceLeft or QuotaExceeded } => new(ExitCodes.StorageUnavailable, "StorageFull", error.Message),
        SocketException or HttpRequestException => new(ExitCodes.StorageUnavailable, "StorageUnavailable", error.Message),
        TorchException when IsOfDevice(error) => new(ExitCodes.Internal, "DeviceOutOfMemory", DeviceIsFull(error, device), Unforeseen: true),
        _ when IsOutOfMemory(error) => new(ExitCodes.Internal, "OutOfMemory", "memory is exhausted; lower microBatchSize or raise the memory limit", Unforeseen: true),
        PictureLibraryException => new(ExitCodes.Internal, "LibraryMissing", error.Message),
        DllNotFoundException => new(ExitCodes.Internal, "LibraryMissing", error.Message, Unforeseen: true),
        _ => new(ExitCodes.Internal, "Internal", $"{error.GetType().Name}: {error.Message}", Unforeseen: true),
    };

    /// <summary>libtorch's own words: "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of …".</summary>
    private static bool IsOfDevice(Exception error) =>
        error.Message.Contains("CUDA out of memory", StringComparison.Ordinal) || error.Message.Contains("CUDA error: out of memory", StringComparison.Ordinal)
        || error.Message.Contains("CUBLAS_STATUS_ALLOC_FAILED", StringComparison.Ordinal);

    private static string DeviceIsFull(Exception error, DeviceMemory? device)
    {
        const string asked = "Tried to allocate ", has = "total capacity of ";
        return "the GPU's memory is exhausted"
            + (Amount(error.Message, asked) is { } wanted ? $" when {wanted} more were wanted" : "")
            + (Amount(error.Message, has) is { } capacity ? $"; it has {capacity}" : "")
            + (device is null ? "" : $"; {MemoryText.Peak(device)}")
            + ". Lower parameters.microBatchSize first (the result stays the same), then maxSequenceTokens or rft.maxResponseTokens; parameters.precision: bfloat16-pure halves weights, gradients and optimizer state; or use a GPU with more memory";
    }

    /// <summary>The number and its unit behind some words; null where they do not stand there.</summary>
    private static string? Amount(string message, string before)
    {
        var at = message.IndexOf(before, StringComparison.Ordinal);
        return at < 0 ? null : message[(at + before.Length)..].Split(' ') is [var number, var unit, ..] ? $"{number} {unit.TrimEnd('.', ',')}" : null;
    }

    private static bool IsOutOfMemory(Exception error) => error is OutOfMemoryException
        || (error is TorchException && (error.Message.Contains("not enough memory", StringComparison.Ordinal) || error.Message.Contains("out of memory", StringComparison.Ordinal)));
}

using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

internal static partial class ReconcilerLog
{
    [LoggerMessage(EventId = 211, Message = "{Kind} {Key}: failed, again in {Delay}: {Reason}")]
    public static partial void Failed(this ILogger logger, LogLevel level, Exception? exception, string kind, ObjectKey key, string? reason, TimeSpan delay);

    [LoggerMessage(EventId = 212, Level = LogLevel.Error, Message = "{Kind} {Key}: failed, and not tried again until it changes: {Reason}")]
    public static partial void FailedForGood(this ILogger logger, Exception? exception, string kind, ObjectKey key, string? reason);

    [LoggerMessage(EventId = 213, Level = LogLevel.Debug, Message = "{Kind} {Key}: put off until the cache shows what was written, {Remaining} at the most")]
    public static partial void PutOff(this ILogger logger, string kind, ObjectKey key, TimeSpan remaining);
}

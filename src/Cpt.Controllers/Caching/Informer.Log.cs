using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

internal static partial class InformerLog
{
    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "{Kind}: listed {Count} objects, {Changes} changed, in {Milliseconds:0} ms")]
    public static partial void Listed(this ILogger logger, string kind, int count, int changes, double milliseconds);

    [LoggerMessage(EventId = 102, Level = LogLevel.Information, Message = "{Kind}: the watch lost its place ({Reason}); listing again")]
    public static partial void Expired(this ILogger logger, string kind, string reason);

    [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "{Kind}: cannot be watched; trying again in {Delay}")]
    public static partial void Refused(this ILogger logger, Exception exception, string kind, TimeSpan delay);

    [LoggerMessage(EventId = 104, Level = LogLevel.Debug, Message = "{Kind}: the watch broke ({Reason}); opening it where it stood")]
    public static partial void Reconnecting(this ILogger logger, string kind, string reason);

    [LoggerMessage(EventId = 105, Level = LogLevel.Error, Message = "{Kind} {Key}: a handler of its change failed; whom the change concerns may not hear of it")]
    public static partial void HandlerFailed(this ILogger logger, Exception exception, string kind, ObjectKey key);
}

using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

internal static partial class OperatorServiceLog
{
    [LoggerMessage(EventId = 501, Level = LogLevel.Information, Message = "caches of {Kinds} kinds are filled")]
    public static partial void Synced(this ILogger logger, int kinds);

    [LoggerMessage(EventId = 502, Level = LogLevel.Critical, Message = "a part of the engine died; the process stops")]
    public static partial void Died(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 503, Level = LogLevel.Warning, Message = "reconciles that did not end within {Seconds} s are broken off")]
    public static partial void BrokenOff(this ILogger logger, double seconds);

    [LoggerMessage(EventId = 504, Level = LogLevel.Information, Message = "stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(EventId = 505, Level = LogLevel.Warning, Message = "the API server warns: {Warning}")]
    public static partial void Warned(this ILogger logger, string warning);
}

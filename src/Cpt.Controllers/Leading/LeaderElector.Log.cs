using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

internal static partial class LeaderElectorLog
{
    [LoggerMessage(EventId = 301, Level = LogLevel.Information, Message = "lease {Lease}: {Identity} leads")]
    public static partial void Leads(this ILogger logger, string lease, string identity);

    [LoggerMessage(EventId = 302, Level = LogLevel.Information, Message = "lease {Lease}: standing by; {Holder} leads")]
    public static partial void Follows(this ILogger logger, string lease, string holder);

    [LoggerMessage(EventId = 303, Level = LogLevel.Error, Message = "lease {Lease}: lost: {Reason}")]
    public static partial void Lost(this ILogger logger, string lease, string reason);

    [LoggerMessage(EventId = 304, Level = LogLevel.Warning, Message = "lease {Lease}: not renewed: {Reason}")]
    public static partial void NotRenewed(this ILogger logger, string lease, string reason);

    [LoggerMessage(EventId = 305, Level = LogLevel.Information, Message = "lease {Lease}: given back")]
    public static partial void Released(this ILogger logger, string lease);

    [LoggerMessage(EventId = 306, Level = LogLevel.Warning, Message = "lease {Lease}: could not be given back and runs out by itself: {Reason}")]
    public static partial void NotReleased(this ILogger logger, string lease, string reason);

    [LoggerMessage(EventId = 307, Level = LogLevel.Warning, Message = "lease {Lease}: cannot be followed: {Reason}")]
    public static partial void CannotFollow(this ILogger logger, string lease, string reason);
}

using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

internal static partial class EventLog
{
    [LoggerMessage(EventId = 401, Level = LogLevel.Debug, Message = "event {Reason} about {Kind} {Name} was not written: {Why}")]
    public static partial void NotWritten(this ILogger logger, string reason, string kind, string name, string why);
}

using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

internal static partial class ControllerHostLog
{
    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "controller {Controller}: at work, {Workers} reconciles at a time")]
    public static partial void Works(this ILogger logger, string controller, int workers);
}

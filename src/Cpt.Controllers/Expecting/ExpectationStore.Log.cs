using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

internal static partial class ExpectationLog
{
    [LoggerMessage(
        EventId = 151, Level = LogLevel.Warning,
        Message = "{Kind} {Owner}: after {Seconds} s the cache does not show {Expectation}; going on with what there is. Is it outside the watch's label selector, or is the watch behind?")]
    public static partial void NotMet(this ILogger logger, string kind, ObjectKey owner, double seconds, Expectation expectation);
}

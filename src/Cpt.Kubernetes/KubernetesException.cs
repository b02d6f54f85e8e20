using System.Net;

namespace Cpt.Kubernetes;

/// <summary>The API server refused a call. <see cref="Status"/> is its answer; the message names the call.</summary>
public class KubernetesException : Exception
{
    public KubernetesException(string call, Status status, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base($"{call}: {Describe(status)}", innerException)
    {
        Status = status;
        RetryAfter = retryAfter;
    }

    public Status Status { get; }

    /// <summary>0 where no answer came.</summary>
    public HttpStatusCode Code => (HttpStatusCode)Status.Code;

    /// <summary>One of <see cref="StatusReason"/>, or another word of the server's.</summary>
    public string Reason => Status.Reason ?? "";

    /// <summary>Each fault of an invalid object, with its field.</summary>
    public IReadOnlyList<StatusCause> Causes => Status.Details?.Causes ?? [];

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; }

    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    /// <summary>An object of this name is there already.</summary>
    public bool IsAlreadyExists => Code == HttpStatusCode.Conflict && Reason == StatusReason.AlreadyExists;

    /// <summary>Somebody else wrote in between, or a precondition does not hold.</summary>
    public bool IsConflict => (Code == HttpStatusCode.Conflict && Reason != StatusReason.AlreadyExists) || Code == HttpStatusCode.PreconditionFailed;

    public bool IsInvalid => Code == HttpStatusCode.UnprocessableEntity;

    public bool IsForbidden => Code == HttpStatusCode.Forbidden;

    /// <summary>The same call may go well later: the server is overloaded, failing, or not there.</summary>
    public virtual bool IsTransient => Code is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private static string Describe(Status status)
    {
        var text = string.IsNullOrEmpty(status.Message) ? status.Reason : status.Message;
        return status.Code == 0 ? text ?? "" : $"{status.Code} {(string.IsNullOrEmpty(text) ? (HttpStatusCode)status.Code : text)}";
    }
}

/// <summary>
/// The past that was asked for is no longer kept (410): a watch from an old resourceVersion, or the continuation of an old list. Whoever gets it lists anew.
/// </summary>
public sealed class ResourceExpiredException(string call, Status status) : KubernetesException(call, status);

/// <summary>The server answered with something that is not of the type that was asked for: the type does not fit the kind.</summary>
public sealed class UnreadableAnswerException(string call, Type type, System.Text.Json.JsonException cause)
    : KubernetesException(call, new() { Message = $"the answer cannot be read as {type.Name}: {cause.Message}", Reason = "Unreadable" }, innerException: cause);

/// <summary>No answer came: no connection, one that broke, or one that was silent for too long.</summary>
public sealed class ApiUnreachableException(string call, Exception cause)
    : KubernetesException(call, new() { Message = cause.Message, Reason = "Unreachable" }, innerException: cause)
{
    /// <inheritdoc/>
    public override bool IsTransient => new Failure(null, null, InnerException).IsTransient;
}

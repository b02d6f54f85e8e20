namespace Cpt.Kubernetes;

/// <summary>The server's answer to a call that did not return an object.</summary>
public sealed record Status
{
    /// <summary><c>Success</c> or <c>Failure</c>; named <c>status</c> on the wire.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("status")]
    public string? Outcome { get; set; }

    /// <summary>For people.</summary>
    public string? Message { get; set; }

    /// <summary>For programs; see <see cref="StatusReason"/>.</summary>
    public string? Reason { get; set; }

    public StatusDetails? Details { get; set; }

    /// <summary>The HTTP status code.</summary>
    public int Code { get; set; }
}

public sealed record StatusDetails
{
    public string? Name { get; set; }

    public string? Group { get; set; }

    public string? Kind { get; set; }

    public string? Uid { get; set; }

    /// <summary>Each fault of an invalid object, with its field.</summary>
    public List<StatusCause>? Causes { get; set; }

    public int? RetryAfterSeconds { get; set; }
}

public sealed record StatusCause
{
    /// <summary><c>FieldValueInvalid</c>, <c>FieldValueRequired</c> …</summary>
    public string? Reason { get; set; }

    public string? Message { get; set; }

    /// <summary>Path in the object: <c>spec.stages[2].name</c>.</summary>
    public string? Field { get; set; }
}

/// <summary>The values of <see cref="Status.Reason"/> that programs ask for.</summary>
public static class StatusReason
{
    public const string AlreadyExists = "AlreadyExists";
    public const string BadRequest = "BadRequest";
    public const string Conflict = "Conflict";
    public const string Expired = "Expired";
    public const string Forbidden = "Forbidden";
    public const string Gone = "Gone";
    public const string Invalid = "Invalid";
    public const string NotFound = "NotFound";
    public const string TooManyRequests = "TooManyRequests";
    public const string Unauthorized = "Unauthorized";
}

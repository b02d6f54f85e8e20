using System.Globalization;
using Azure.Core;
using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>How storage is reached. The defaults read the process's environment.</summary>
public sealed record StorageOptions
{
    /// <summary>Name of the variable that bounds how long an operation without progress is retried.</summary>
    public const string TimeoutVariable = "CPT_STORAGE_TIMEOUT_SECONDS";

    private static readonly TimeSpan s_defaultTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Where credentials and mount points are looked up; null for an unset variable.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>When to give up on storage that does not answer. Null: <see cref="TimeoutVariable"/>, else 60 seconds.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Bytes moved by one request.</summary>
    public int BlockBytes { get; init; } = 8 << 20;

    /// <summary>Requests side by side; memory is at most <see cref="BlockBytes"/> times this.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Told what was wrong and what was done instead, for example which checkpoint was passed over.</summary>
    public Action<string> OnWarning { get; init; } = static _ => { };

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Takes the place of the credentials found in the environment for <c>azblob://</c>.</summary>
    public TokenCredential? Credential { get; init; }

    /// <summary>Takes the place of the network under the blob client, for example to trust a private certificate.</summary>
    public HttpMessageHandler? HttpHandler { get; init; }

    /// <summary>Names asked for in one request of a listing; null: the service's own measure.</summary>
    internal int? ListPageSize { get; init; }

    internal TimeSpan GiveUpAfter
    {
        get
        {
            if (Timeout is { } timeout) return timeout;
            if (Variable(TimeoutVariable) is not { } text) return s_defaultTimeout;
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 86400
                ? TimeSpan.FromSeconds(seconds)
                : throw new StageFailureException(ExitCodes.BadSpec, "BadStorageTimeout",
                    $"{TimeoutVariable}: \"{text}\" is not a number of seconds above 0, for example 60");
        }
    }

    /// <summary>A set and not empty variable.</summary>
    internal string? Variable(string name) => Environment(name) is { Length: > 0 } value ? value : null;
}

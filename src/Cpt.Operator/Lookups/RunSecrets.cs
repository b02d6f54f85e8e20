using System.Collections.Concurrent;
using System.Text;
using Cpt.Kubernetes;

namespace Cpt.Operator.Lookups;

/// <summary>Credentials of a run's storage, out of its Secret.</summary>
/// <param name="Version">Changes with the Secret.</param>
/// <param name="Variables">By the name of the environment variable.</param>
internal sealed record RunCredentials(string Version, IReadOnlyDictionary<string, string> Variables)
{
    private const int ShortestSecret = 6;

    /// <summary>Without any value of the Secret, or a part of one: account keys and signatures stand inside connection strings.</summary>
    public string Redact(string message)
    {
        foreach (var part in Variables.Values
            .SelectMany(value => value.Split(';', '&').SelectMany(piece => (string[])[piece, piece[(piece.IndexOf('=', StringComparison.Ordinal) + 1)..]]).Prepend(value))
            .Where(part => part.Length >= ShortestSecret)
            .OrderByDescending(part => part.Length))
        {
            message = message.Replace(part, "***", StringComparison.Ordinal);
        }

        return message;
    }
}

/// <summary>Reads Secrets when they are needed, and keeps them for moments only: nothing but the runs' own look-ups ever sees a value.</summary>
internal sealed class RunSecrets(KubernetesClient client, TimeProvider time)
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ObjectKey, (RunCredentials Credentials, long Read)> _read = new();

    /// <exception cref="KubernetesException">It does not exist, or may not be read.</exception>
    public async Task<RunCredentials> ReadAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_read.TryGetValue(key, out var known) && time.GetElapsedTime(known.Read) < s_fresh)
        {
            return known.Credentials;
        }

        Sweep();
        var secret = await client.GetAsync<Secret>(key.Name, key.Namespace, cancellation);
        var variables = (secret.Data ?? []).ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetString(entry.Value), StringComparer.Ordinal);
        var credentials = new RunCredentials($"{secret.Metadata.Uid}/{secret.Metadata.ResourceVersion}", variables);
        _read[key] = (credentials, time.GetTimestamp());
        return credentials;
    }

    private void Sweep()
    {
        foreach (var (key, entry) in _read)
        {
            if (time.GetElapsedTime(entry.Read) >= s_fresh)
            {
                _read.TryRemove(KeyValuePair.Create(key, entry));
            }
        }
    }
}

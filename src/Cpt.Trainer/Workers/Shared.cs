using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cpt.Training;

namespace Cpt.Trainer.Workers;

/// <summary>What several workers must see alike, although one of them might look a moment later.</summary>
internal static class Shared
{
    /// <summary>What the first worker reads.</summary>
    /// <param name="workers">Null where there is one alone, which reads for itself.</param>
    /// <param name="read">Called in the first worker only.</param>
    /// <param name="type">How it travels.</param>
    public static async Task<T?> FromFirstAsync<T>(WorkerGroup? workers, Func<Task<T?>> read, JsonTypeInfo<T> type)
        where T : class
    {
        if (workers is null)
        {
            return await read();
        }

        var own = workers.IsFirst ? await read() : null;
        var text = workers.Broadcast(own is null ? "" : JsonSerializer.Serialize(own, type));
        return text.Length == 0 ? null : own ?? JsonSerializer.Deserialize(text, type);
    }
}

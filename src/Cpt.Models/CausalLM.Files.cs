using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cpt.Torch;

namespace Cpt.Models;

public sealed partial class CausalLM
{
    /// <summary>Bytes of weights in one file; above it they are written in shards.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    /// <summary>Reads a Hugging Face directory.</summary>
    /// <param name="directory">config.json, weights in one file or in shards, tokenizer files.</param>
    /// <param name="dtype">Type to compute in; null: as the weights are stored.</param>
    /// <param name="device">Null: the CPU.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="ModelFormatException">A file is cut off, damaged, or does not fit the others.</exception>
    public static CausalLM Load(string directory, ScalarType? dtype = null, Device? device = null) => Load(directory, dtype, device, ScalarType.Float32);

    internal static CausalLM Load(string directory, ScalarType? dtype, Device? device, ScalarType rotaryFrequencies)
    {
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException($"{directory}: no such directory");
        }

        var config = ModelConfig.Load(directory);
        using var files = WeightFiles.Open(directory);
        return new CausalLM(config, ModelWeights.Load(config, files, dtype, device ?? torch.CPU), CompanionFiles.Read(directory), rotaryFrequencies);
    }

    /// <summary>A new model with random weights; equal seeds give equal weights on every machine.</summary>
    public static CausalLM Create(ModelConfig config, ulong seed, ScalarType dtype = ScalarType.Float32, Device? device = null) =>
        new(config, ModelWeights.Create(config, seed, dtype, device ?? torch.CPU), CompanionFiles.None);

    /// <summary>
    /// A new model whose weights are drawn where they are to be: fast for billions of them, and equal only on one kind of device. For measurements.
    /// </summary>
    public static CausalLM CreateOn(Device device, ModelConfig config, ulong seed, ScalarType dtype) =>
        new(config, ModelWeights.Draw(config, seed, dtype, device), CompanionFiles.None);

    /// <summary>
    /// Writes a Hugging Face directory. The same weights give the same bytes. Weight files of an earlier save in the directory are replaced.
    /// </summary>
    /// <param name="directory">Made where it is missing.</param>
    /// <param name="storedType">Type on disk; null: that of the weights.</param>
    /// <param name="shardBytes">
    /// More weights than this are written in shards, with an index; null: in the shards they were read from, so that those without a changed weight are the same files as before, or
    /// where there were none, in shards of <see cref="DefaultShardBytes"/>.
    /// </param>
    public void Save(string directory, ScalarType? storedType = null, long? shardBytes = null)
    {
        var type = storedType ?? dtype;
        Directory.CreateDirectory(directory);
        foreach (var stale in Directory.EnumerateFiles(directory, "model*.safetensors*").Where(path => OwnWeights().IsMatch(Path.GetFileName(path))).ToList())
        {
            File.Delete(stale);
        }

        Companions.WriteTo(directory);
        File.WriteAllText(Path.Combine(directory, ModelConfig.FileName), Config.ToJson(type.ToString().ToLowerInvariant()));
        var shards = shardBytes is null && type == dtype && _weights.Shards is { } before
            ? [.. _weights.Entries(type).GroupBy(entry => before[entry.Name], StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => group.ToList())]
            : Shards(_weights.Entries(type), shardBytes ?? DefaultShardBytes);
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(directory, WeightFiles.SingleName), shards[0]);
            return;
        }

        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors");
            SafetensorsWriter.Write(Path.Combine(directory, name), shards[i]);
            shards[i].ForEach(entry => map.Add(entry.Name, name));
        }

        WriteIndex(Path.Combine(directory, WeightFiles.IndexName), map, shards.Sum(shard => shard.Sum(entry => entry.Length)));
    }

    private static List<List<SafetensorsWriter.Entry>> Shards(IEnumerable<SafetensorsWriter.Entry> entries, long shardBytes)
    {
        var shards = new List<List<SafetensorsWriter.Entry>> { new() };
        var bytes = 0L;
        foreach (var entry in entries)
        {
            if (bytes > 0 && bytes + entry.Length > shardBytes)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(entry);
            bytes += entry.Length;
        }

        return shards;
    }

    private static void WriteIndex(string path, SortedDictionary<string, string> map, long totalBytes)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        writer.WriteStartObject();
        writer.WriteStartObject("metadata");
        writer.WriteNumber("total_size", totalBytes);
        writer.WriteEndObject();
        writer.WriteStartObject("weight_map");
        foreach (var (tensor, file) in map)
        {
            writer.WriteString(tensor, file);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    [GeneratedRegex(@"^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex OwnWeights();
}

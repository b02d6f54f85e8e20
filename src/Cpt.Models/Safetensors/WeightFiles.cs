using System.Text.Json;

namespace Cpt.Models;

/// <summary>
/// The weights of a Hugging Face directory: <c>model.safetensors</c>, or shards with <c>model.safetensors.index.json</c>
/// (<c>weight_map</c>: tensor name to shard). Opens and checks every shard's header at once.
/// </summary>
public sealed class WeightFiles : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files;
    private readonly Dictionary<string, SafetensorsFile> _byTensor;

    private WeightFiles(string directory, List<SafetensorsFile> files, Dictionary<string, SafetensorsFile> byTensor)
    {
        Directory = directory;
        _files = files;
        _byTensor = byTensor;
    }

    public string Directory { get; }

    public IReadOnlyList<SafetensorsFile> Files => _files;

    public IEnumerable<string> Names => _byTensor.Keys;

    /// <exception cref="FileNotFoundException">The directory holds no weights, or a shard the index names is missing.</exception>
    /// <exception cref="ModelFormatException">The index or a shard is wrong.</exception>
    public static WeightFiles Open(string directory)
    {
        var index = Path.Combine(directory, IndexName);
        if (File.Exists(index))
        {
            return OpenShards(directory, index);
        }

        var single = Path.Combine(directory, SingleName);
        if (!File.Exists(single))
        {
            throw new FileNotFoundException($"{directory}: holds no weights; expected {SingleName} or {IndexName}", single);
        }

        var file = SafetensorsFile.Open(single);
        return new WeightFiles(directory, [file], file.Tensors.ToDictionary(tensor => tensor.Name, _ => file, StringComparer.Ordinal));
    }

    public bool Contains(string name) => _byTensor.ContainsKey(name);

    /// <summary>The file that holds a tensor, and its entry.</summary>
    /// <exception cref="ModelFormatException">No file holds it.</exception>
    public (SafetensorsFile File, SafetensorsTensor Tensor) Find(string name) =>
        _byTensor.TryGetValue(name, out var file)
            ? (file, file.Find(name))
            : throw new ModelFormatException(_files.Count == 1 ? _files[0].Path : Path.Combine(Directory, IndexName), $"tensor '{name}' is missing; config.json asks for it");

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static WeightFiles OpenShards(string directory, string index)
    {
        var map = ReadIndex(index);
        var files = new List<SafetensorsFile>();
        var byTensor = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        try
        {
            foreach (var shard in map.GroupBy(entry => entry.Value, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                var path = Path.Combine(directory, shard.Key);
                var file = File.Exists(path) ? SafetensorsFile.Open(path) : throw new FileNotFoundException($"{path}: no such file; {IndexName} names it", path);
                files.Add(file);
                foreach (var (tensor, _) in shard)
                {
                    byTensor.Add(tensor, file.Contains(tensor) ? file : throw new ModelFormatException(path, $"tensor '{tensor}' is missing; {IndexName} places it here"));
                }
            }

            return new WeightFiles(directory, files, byTensor);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(index, "weight_map is missing; expected an object that maps tensor names to shard files");
            }

            var result = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in map.EnumerateObject())
            {
                var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
                if (shard.Length == 0 || shard != Path.GetFileName(shard))
                {
                    throw new ModelFormatException(index, $"weight_map.{entry.Name} is {entry.Value.GetRawText()}; expected the name of a file in the same directory");
                }

                result[entry.Name] = shard;
            }

            return result;
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(index, $"is not JSON ({exception.Message})", exception);
        }
    }
}

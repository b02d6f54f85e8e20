using Parquet.Schema;
using Parquet.Serialization;

namespace Cpt.Cli.Tests.Importing;

/// <summary>A small data set in a published layout, and the task that becomes of it.</summary>
internal sealed class Published : IDisposable
{
    /// <summary>A PNG of one pixel.</summary>
    public static readonly byte[] Png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==");

    private readonly string _root = Directory.CreateTempSubdirectory("cpt-import-").FullName;

    public string this[string relative] => Path.Combine(_root, relative);

    public string Source => this["source"];

    public string Task => this["task"];

    public void Write(string relative, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Source, relative))!);
        File.WriteAllText(Path.Combine(Source, relative), content);
    }

    public void Picture(params string[] relative)
    {
        foreach (var path in relative)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Source, path))!);
            File.WriteAllBytes(Path.Combine(Source, path), Png);
        }
    }

    /// <summary>As Hugging Face's data sets write them: a picture is {bytes, path}.</summary>
    public void Parquet(string relative, ParquetSchema schema, params IReadOnlyCollection<IDictionary<string, object?>> rows)
    {
        var file = Path.Combine(Source, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var stream = File.Create(file);
        ParquetSerializer.SerializeUntypedAsync([.. rows.Select(Written)], schema, stream).GetAwaiter().GetResult();
    }

    public static StructField PictureField(string name) => new(name, new DataField<byte[]>("bytes"), new DataField<string>("path"));

    public static Dictionary<string, object?> PictureValue() => new(StringComparer.Ordinal) { ["bytes"] = Png, ["path"] = "a.png" };

    /// <summary>The writer wants texts and bytes as memory where they stand in lists or structures.</summary>
    private static IDictionary<string, object?> Written(IDictionary<string, object?> map) => map.ToDictionary(pair => pair.Key, pair => (object?)(pair.Value switch
    {
        byte[] bytes => (ReadOnlyMemory<byte>?)bytes,
        List<string> texts => texts.Select(text => (ReadOnlyMemory<char>?)text.AsMemory()).ToList(),
        IDictionary<string, object?> inner => Written(inner),
        var other => other,
    }), StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}

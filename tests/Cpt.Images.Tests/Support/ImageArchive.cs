using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Cpt.Images.Tests;

/// <summary>One file of an image, as its layer has it.</summary>
internal sealed record ImageFile(string Path, TarEntryType Type, UnixFileMode Mode, int User, byte[] Start)
{
    public string Name => System.IO.Path.GetFileName(Path);

    public bool IsRegular => Type is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
}

/// <summary>An OCI archive: configuration and files, read from the archive itself and not from what a tool says of it.</summary>
internal sealed class ImageArchive
{
    private readonly Dictionary<string, byte[]> _texts = new(StringComparer.Ordinal);

    private ImageArchive(string path, JsonNode configuration, IReadOnlyDictionary<string, ImageFile> files)
    {
        Path = path;
        Configuration = configuration;
        Files = files;
    }

    public string Path { get; }

    public JsonNode Configuration { get; }

    /// <summary>By path, without a leading slash.</summary>
    public IReadOnlyDictionary<string, ImageFile> Files { get; }

    public string? Label(string name) => (string?)Configuration["config"]!["Labels"]![name];

    public byte[] Read(string path) => _texts[path];

    public string Text(string path) => System.Text.Encoding.UTF8.GetString(Read(path));

    public Task<Ended> RunAsync(IEnumerable<string> options, params IEnumerable<string> arguments) => Script.ImagesAsync("run-image.sh", [Path, .. options, "--", .. arguments]);

    public static ImageArchive Open(string path)
    {
        using var scratch = new Scratch();
        using (var archive = File.OpenRead(path))
        {
            TarFile.ExtractToDirectory(archive, scratch.Root, overwriteFiles: false);
        }

        var index = JsonNode.Parse(File.ReadAllText(scratch["index.json"]))!;
        var manifest = Json(index["manifests"]![0]!["digest"]!);
        var files = new Dictionary<string, ImageFile>(StringComparer.Ordinal);
        var image = new ImageArchive(path, Json(manifest["config"]!["digest"]!), files);
        foreach (var layer in manifest["layers"]!.AsArray())
        {
            using var compressed = File.OpenRead(Blob(layer!["digest"]!));
            using var plain = new GZipStream(compressed, CompressionMode.Decompress);
            using var entries = new TarReader(plain);
            while (entries.GetNextEntry() is { } entry)
            {
                image.Add(files, entry);
            }
        }

        return image;

        string Blob(JsonNode digest) => scratch["blobs/sha256/" + ((string)digest!).Split(':')[1]];

        JsonNode Json(JsonNode digest) => JsonNode.Parse(File.ReadAllText(Blob(digest)))!;
    }

    private void Add(Dictionary<string, ImageFile> files, TarEntry entry)
    {
        var name = entry.Name.TrimStart('.').Trim('/');
        var content = entry.DataStream is { } data ? Content(data, KeepWhole(name)) : [];
        if (KeepWhole(name))
        {
            _texts[name] = content;
        }

        files[name] = new ImageFile(name, entry.EntryType, entry.Mode, entry.Uid, content[..Math.Min(content.Length, 64)]);
    }

    /// <summary>What tests read; of all else the first bytes tell what it is.</summary>
    private static bool KeepWhole(string name) =>
        name.StartsWith("usr/share/sbom/", StringComparison.Ordinal) || name.StartsWith("var/lib/dpkg/", StringComparison.Ordinal) || name is "etc/passwd"
        || name.EndsWith(".deps.json", StringComparison.Ordinal) || name is "app/Azure.Storage.Blobs.dll";

    private static byte[] Content(Stream data, bool whole)
    {
        if (whole)
        {
            using var all = new MemoryStream();
            data.CopyTo(all);
            return all.ToArray();
        }

        var start = new byte[64];
        return start[..data.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }
}

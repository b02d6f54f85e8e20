using System.Collections;
using System.Globalization;
using Cpt.Tasks;
using Parquet;
using Parquet.Serialization;

namespace Cpt.Cli.Importing;

/// <summary>The rows of Parquet files, one row group in memory at a time.</summary>
internal static class ParquetRows
{
    /// <exception cref="TaskDataException">A file is no Parquet file.</exception>
    public static IEnumerable<Entry> Of(IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            var row = 0;
            for (var group = 0; group < Read(file, Groups); group++)
            {
                var current = group;
                foreach (var values in Read(file, stream => RowsAsync(stream, current)))
                    yield return new Entry(string.Create(CultureInfo.InvariantCulture, $"{file}: row {row++}"), Plain(values));
            }
        }
    }

    private static Dictionary<string, object?> Plain(IEnumerable<KeyValuePair<string, object>> map) => map.ToDictionary(pair => pair.Key, pair => Plain(pair.Value), StringComparer.Ordinal);

    private static object? Plain(object? value) => value switch
    {
        string or byte[] => value,
        ReadOnlyMemory<char> text => text.ToString(),
        ReadOnlyMemory<byte> bytes => bytes.ToArray(),
        IEnumerable<KeyValuePair<string, object>> map => Plain(map),
        IEnumerable items => items.Cast<object?>().Select(Plain).ToList(),
        _ => value,
    };

    private static async Task<int> Groups(Stream stream)
    {
        await using var reader = await ParquetReader.CreateAsync(stream);
        return reader.RowGroupCount;
    }

    private static async Task<IList<Dictionary<string, object>>> RowsAsync(Stream stream, int group) => (await ParquetSerializer.DeserializeUntypedAsync(stream, null, group)).Data;

    private static T Read<T>(string file, Func<Stream, Task<T>> read)
    {
        try
        {
            using var stream = File.OpenRead(file);
            return read(stream).GetAwaiter().GetResult();
        }
        catch (Exception wrong) when (wrong is not (FileNotFoundException or UnauthorizedAccessException))
        {
            throw new TaskDataException($"{file}: cannot be read as Parquet: {wrong.Message}", wrong);
        }
    }
}

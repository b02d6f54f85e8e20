using System.Globalization;
using System.Text.Json;
using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>
/// The entries of a JSON file, one at a time: published question files are larger than memory likes. They stand in a list or a map at the root, or in a list under a property of it.
/// </summary>
internal sealed class JsonEntries : IDisposable
{
    /// <summary>What one entry may have.</summary>
    private const int LargestEntry = 256 << 20;

    private readonly FileStream _stream;
    private readonly string _file;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _length;
    private bool _atEnd;
    private JsonReaderState _state;

    private JsonEntries(string file) => (_file, _stream) = (file, new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan));

    /// <param name="file">Read.</param>
    /// <param name="property">Of the root, whose list holds the entries; null: the root itself does.</param>
    /// <exception cref="TaskDataException">Not valid JSON, or not of that form.</exception>
    public static IEnumerable<(string? Key, Entry Entry)> Of(string file, string? property = null)
    {
        using var entries = new JsonEntries(file);
        var first = entries.Token();
        if (property is not null)
        {
            if (first != JsonTokenType.StartObject || !entries.Find(property))
                throw new TaskDataException($"{file}: {property}: missing; expected {{\"{property}\": [{{…}}, …]}}");
            if (entries.Token() != JsonTokenType.StartArray)
                throw new TaskDataException($"{file}: {property}: must be a list");
            first = JsonTokenType.StartArray;
        }

        if (first is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
            throw new TaskDataException($"{file}: must be a JSON list or object of entries");

        for (var place = 0; entries.Next(first == JsonTokenType.StartObject) is var (key, element); place++)
            yield return (key, Entry.Of(key is null ? string.Create(CultureInfo.InvariantCulture, $"{file}: {property}[{place}]") : $"{file}: \"{key}\"", element));
    }

    /// <summary>One JSON object a line.</summary>
    public static IEnumerable<Entry> Lines(string file)
    {
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;

            var where = string.Create(CultureInfo.InvariantCulture, $"{file}:{number}");
            JsonElement element;
            try
            {
                element = JsonElement.Parse(line);
            }
            catch (JsonException wrong)
            {
                throw new TaskDataException($"{where}: not valid JSON: {wrong.Message}", wrong);
            }

            yield return Entry.Of(where, element);
        }
    }

    public void Dispose() => _stream.Dispose();

    private JsonTokenType Token() => Step((ref reader) => reader.Read() ? (true, reader.TokenType) : default);

    private bool Find(string property)
    {
        while (true)
        {
            var name = Step<string?>((ref reader) => !reader.Read() ? default : (true, reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null));
            if (name is null || name == property)
                return name is not null;

            Step((ref reader) => reader.TrySkip() ? (true, true) : default);
        }
    }

    private (string? Key, JsonElement Element)? Next(bool inMap) => Step<(string?, JsonElement)?>((ref reader) =>
    {
        if (!reader.Read())
            return default;
        if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
            return (true, null);

        var key = inMap ? reader.GetString() : null;
        if (!JsonDocument.TryParseValue(ref reader, out var document))
            return default;

        using (document)
            return (true, (key, document.RootElement.Clone()));
    });

    private delegate (bool Done, T Result) Reading<T>(ref Utf8JsonReader reader);

    /// <summary>Reads on from where the last step ended; where the bytes at hand do not suffice, again with more.</summary>
    private T Step<T>(Reading<T> read)
    {
        try
        {
            while (true)
            {
                var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _length - _start), _atEnd, _state);
                var (done, result) = read(ref reader);
                if (done)
                {
                    _start += (int)reader.BytesConsumed;
                    _state = reader.CurrentState;
                    return result;
                }

                if (_atEnd)
                    throw new TaskDataException($"{_file}: ends in the middle");
                Fill();
            }
        }
        catch (JsonException wrong)
        {
            throw new TaskDataException($"{_file}: not valid JSON: {wrong.Message}", wrong);
        }
        catch (InvalidOperationException wrong)
        {
            throw new TaskDataException($"{_file}: not valid UTF-8 text", wrong);
        }
    }

    private void Fill()
    {
        var kept = _buffer.AsSpan(_start, _length - _start);
        if (kept.Length > _buffer.Length / 2)
        {
            if (_buffer.Length >= LargestEntry)
                throw new TaskDataException($"{_file}: one entry has more than {LargestEntry} bytes");
            var larger = new byte[_buffer.Length * 2];
            kept.CopyTo(larger);
            _buffer = larger;
        }
        else
        {
            kept.CopyTo(_buffer);
        }

        (_start, _length) = (0, kept.Length);
        var read = _stream.Read(_buffer, _length, _buffer.Length - _length);
        _length += read;
        _atEnd = read == 0;
    }
}

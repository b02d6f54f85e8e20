using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cpt.Models;

/// <summary>Reads a Hugging Face tokenizer.json with a byte-level BPE; refuses other kinds by name.</summary>
internal sealed class TokenizerJson
{
    // GPT-2's pattern, which ByteLevel applies where use_regex is set.
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly string _file;

    private TokenizerJson(string file) => _file = file;

    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    public required Dictionary<string, int> Vocabulary { get; init; }

    public required BytePairMerges Merges { get; init; }

    public required PreTokenizer PreTokenizer { get; init; }

    /// <summary>Text is brought to Unicode form C first.</summary>
    public required bool FormC { get; init; }

    public static TokenizerJson Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new FileNotFoundException($"{file}: no such file; a model directory needs {Tokenizer.FileName}", file);
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var reader = new TokenizerJson(file) { AddedTokens = [], Vocabulary = [], Merges = null!, PreTokenizer = null!, FormC = false };
            return reader.Read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(file, $"is not JSON ({exception.Message})", exception);
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException(file, $"is not a tokenizer.json as expected ({exception.Message})", exception);
        }
    }

    private TokenizerJson Read(JsonElement root)
    {
        var model = root.TryGetProperty("model", out var found) && found.ValueKind == JsonValueKind.Object ? found : throw Wrong("model is missing");
        var type = model.TryGetProperty("type", out var kind) ? kind.GetString() : "BPE";
        if (type != "BPE")
        {
            throw Wrong($"model.type '{type}' is not supported; expected BPE");
        }

        foreach (var field in (string[])["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"])
        {
            if (model.TryGetProperty(field, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False) && value.ToString() is not ("" or "0"))
            {
                throw Wrong($"model.{field} {value.GetRawText()} is not supported; expected none");
            }
        }

        var vocabulary = model.GetProperty("vocab").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32(), StringComparer.Ordinal);
        var steps = new List<PreTokenizer.Step>();
        var byteLevel = false;
        ReadPreTokenizer(Property(root, "pre_tokenizer"), steps, ref byteLevel);
        if (!byteLevel)
        {
            throw Wrong("pre_tokenizer has no ByteLevel step; expected a byte-level BPE");
        }

        return new TokenizerJson(_file)
        {
            AddedTokens = ReadAddedTokens(Property(root, "added_tokens")),
            Vocabulary = vocabulary,
            Merges = ReadMerges(model, vocabulary),
            PreTokenizer = new PreTokenizer(steps),
            FormC = ReadNormalizer(Property(root, "normalizer")),
        };
    }

    private static JsonElement? Property(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static bool Flag(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static List<AddedToken> ReadAddedTokens(JsonElement? tokens) =>
        tokens is not { } list ? [] : list.EnumerateArray().Select(token => new AddedToken(
            token.GetProperty("id").GetInt32(), token.GetProperty("content").GetString()!, Flag(token, "special"), Flag(token, "normalized"),
            Flag(token, "lstrip"), Flag(token, "rstrip"), Flag(token, "single_word"))).ToList();

    private BytePairMerges ReadMerges(JsonElement model, Dictionary<string, int> vocabulary)
    {
        var byteIds = new int[256];
        for (var value = 0; value < 256; value++)
        {
            var symbol = ByteAlphabet.Character((byte)value).ToString();
            byteIds[value] = vocabulary.TryGetValue(symbol, out var id) ? id : throw Wrong($"model.vocab lacks '{symbol}', the token of byte 0x{value:x2}; a byte-level BPE needs all 256");
        }

        var merges = new Dictionary<(int, int), (int, int)>();
        var rank = 0;
        foreach (var merge in model.GetProperty("merges").EnumerateArray())
        {
            // Older files write "a b", newer ones ["a", "b"].
            var parts = merge.ValueKind == JsonValueKind.String ? merge.GetString()!.Split(' ') : [.. merge.EnumerateArray().Select(part => part.GetString()!)];
            if (parts.Length != 2 || !vocabulary.TryGetValue(parts[0], out var left) || !vocabulary.TryGetValue(parts[1], out var right)
                || !vocabulary.TryGetValue(parts[0] + parts[1], out var merged))
            {
                throw Wrong($"model.merges[{rank}] {merge.GetRawText()} is wrong; expected two tokens of model.vocab whose concatenation is one too");
            }

            merges.TryAdd((left, right), (rank++, merged));
        }

        return new BytePairMerges(byteIds, merges, Flag(model, "ignore_merges") ? vocabulary : null);
    }

    private bool ReadNormalizer(JsonElement? normalizer)
    {
        if (normalizer is not { } value)
        {
            return false;
        }

        return value.GetProperty("type").GetString() switch
        {
            "NFC" => true,
            "Sequence" => value.GetProperty("normalizers").EnumerateArray().Aggregate(false, (formC, step) => ReadNormalizer(step) || formC),
            var other => throw Wrong($"normalizer '{other}' is not supported; expected NFC or none"),
        };
    }

    private void ReadPreTokenizer(JsonElement? preTokenizer, List<PreTokenizer.Step> steps, ref bool byteLevel)
    {
        if (preTokenizer is not { } value)
        {
            return;
        }

        switch (value.GetProperty("type").GetString())
        {
            case "Sequence":
                foreach (var step in value.GetProperty("pretokenizers").EnumerateArray())
                {
                    ReadPreTokenizer(step, steps, ref byteLevel);
                }

                break;
            case "Split":
                steps.Add(ReadSplit(value));
                break;
            case "ByteLevel":
                byteLevel = true;
                if (Flag(value, "add_prefix_space"))
                {
                    steps.Add(new PreTokenizer.Step(null, PreTokenizer.SplitBehavior.Isolated));
                }

                // Absent means set: files older than the field always used the pattern.
                if (!value.TryGetProperty("use_regex", out var useRegex) || useRegex.ValueKind != JsonValueKind.False)
                {
                    steps.Add(new PreTokenizer.Step(Compile(Gpt2Pattern), PreTokenizer.SplitBehavior.Isolated));
                }

                break;
            case var other:
                throw Wrong($"pre_tokenizer '{other}' is not supported; expected Split, ByteLevel or a Sequence of them");
        }
    }

    private PreTokenizer.Step ReadSplit(JsonElement value)
    {
        var pattern = value.GetProperty("pattern");
        var regex = pattern.TryGetProperty("Regex", out var text) ? Compile(text.GetString()!) : Compile(Regex.Escape(pattern.GetProperty("String").GetString()!));
        var behavior = value.GetProperty("behavior").GetString();
        if (Flag(value, "invert"))
        {
            // Inverted, the matches are the words and what lies between is the delimiter: Removed then means "keep only matches".
            throw Wrong("pre_tokenizer.invert true is not supported; expected false");
        }

        return Enum.TryParse<PreTokenizer.SplitBehavior>(behavior, out var known)
            ? new PreTokenizer.Step(regex, known)
            : throw Wrong($"pre_tokenizer.behavior '{behavior}' is not supported; expected one of {string.Join(", ", Enum.GetNames<PreTokenizer.SplitBehavior>())}");
    }

    private Regex Compile(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);
        }
        catch (ArgumentException exception)
        {
            throw new ModelFormatException(_file, $"pre_tokenizer pattern {pattern} is not supported ({exception.Message})", exception);
        }
    }

    private ModelFormatException Wrong(string problem) => new(_file, problem);
}

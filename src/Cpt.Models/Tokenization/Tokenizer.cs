using System.Buffers;
using System.Text;

namespace Cpt.Models;

/// <summary>
/// Text to token ids and back, by a Hugging Face tokenizer.json with a byte-level BPE (Qwen, GPT-2, Llama 3, and the
/// byte tokenizer of the small models, which is a BPE without merges). Thread-safe.
/// </summary>
public sealed class Tokenizer
{
    public const string FileName = "tokenizer.json";

    private readonly TokenizerJson _json;
    private readonly AddedTokenSplitter _raw;
    private readonly AddedTokenSplitter _rawWithoutSpecial;
    private readonly AddedTokenSplitter _normalized;
    private readonly AddedTokenSplitter _normalizedWithoutSpecial;
    private readonly byte[]?[] _bytes;
    private readonly HashSet<int> _special;
    private readonly Dictionary<string, int> _ids;
    private readonly string _source;
    private readonly int? _eos;
    private readonly int? _pad;

    private Tokenizer(string source, TokenizerJson json, TokenizerSettings settings)
    {
        _source = source;
        _json = json;
        var added = json.AddedTokens;
        _raw = new AddedTokenSplitter(added.Where(token => !token.Normalized));
        _rawWithoutSpecial = new AddedTokenSplitter(added.Where(token => !token.Normalized && !token.Special));
        _normalized = new AddedTokenSplitter(added.Where(token => token.Normalized));
        _normalizedWithoutSpecial = new AddedTokenSplitter(added.Where(token => token.Normalized && !token.Special));
        _special = added.Where(token => token.Special).Select(token => token.Id).ToHashSet();
        _ids = new Dictionary<string, int>(json.Vocabulary, StringComparer.Ordinal);
        VocabSize = 1 + Math.Max(json.Vocabulary.Values.DefaultIfEmpty(-1).Max(), added.Select(token => token.Id).DefaultIfEmpty(-1).Max());
        _bytes = new byte[VocabSize][];
        foreach (var (text, id) in json.Vocabulary)
        {
            _bytes[id] = ByteAlphabet.Bytes(text);
        }

        foreach (var token in added)
        {
            _ids[token.Content] = token.Id;
            _bytes[token.Id] = ByteAlphabet.Bytes(token.Content);
        }

        _eos = settings.EosToken is { } eos && _ids.TryGetValue(eos, out var eosId) ? eosId : settings.EosTokenId ?? TokenId("<|im_end|>") ?? TokenId("<|endoftext|>");
        _pad = settings.PadToken is { } pad && _ids.TryGetValue(pad, out var padId) ? padId : settings.PadTokenId ?? _eos;
    }

    /// <summary>Largest id + 1, added tokens included. A model's own vocabulary may be larger (padded).</summary>
    public int VocabSize { get; }

    /// <summary>
    /// Ends a response: <c>eos_token</c> of tokenizer_config.json, else <c>eos_token_id</c> of config.json, else
    /// <c>&lt;|im_end|&gt;</c> or <c>&lt;|endoftext|&gt;</c> where the vocabulary has them.
    /// </summary>
    /// <exception cref="ModelFormatException">None of them is there.</exception>
    public int EosTokenId => _eos ?? throw new ModelFormatException(_source, "names no end-of-sequence token; expected eos_token in tokenizer_config.json");

    /// <summary>Fills a batch's shorter rows: <c>pad_token</c>, else the end-of-sequence token.</summary>
    public int PadTokenId => _pad ?? EosTokenId;

    /// <summary>Control tokens, left out by <see cref="Decode"/> on request.</summary>
    public IReadOnlySet<int> SpecialTokenIds => _special;

    /// <summary>Reads tokenizer.json of a model directory; the names of eos and pad come from tokenizer_config.json beside it.</summary>
    /// <exception cref="FileNotFoundException">There is no tokenizer.json.</exception>
    /// <exception cref="ModelFormatException">It is not a byte-level BPE, or broken.</exception>
    public static Tokenizer Load(string directory)
    {
        var file = Path.Combine(directory, FileName);
        return new Tokenizer(file, TokenizerJson.Read(file), TokenizerSettings.Read(directory));
    }

    /// <summary>Id of a token by its text as the vocabulary has it; null where it has none.</summary>
    public int? TokenId(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>Token ids of a text, with nothing put before or after it.</summary>
    /// <param name="text">Any text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="allowSpecial">False: the text of a control token (<c>&lt;|im_end|&gt;</c>) is text like any other, so that data cannot forge one.</param>
    public int[] Encode(string text, bool allowSpecial = true)
    {
        var ids = new List<int>(text.Length / 3);
        foreach (var (token, part) in (allowSpecial ? _raw : _rawWithoutSpecial).Split(text))
        {
            if (token is not null)
            {
                ids.Add(token.Id);
                continue;
            }

            var normalized = _json.FormC ? UnicodeNormalization.ToFormC(part) : part;
            foreach (var (inner, piece) in (allowSpecial ? _normalized : _normalizedWithoutSpecial).Split(normalized))
            {
                if (inner is not null)
                {
                    ids.Add(inner.Id);
                    continue;
                }

                foreach (var word in _json.PreTokenizer.Words(piece))
                {
                    _json.Merges.Encode(word, ids);
                }
            }
        }

        return [.. ids];
    }

    /// <summary>Text of token ids. Bytes that are no UTF-8 (a character cut in two) become U+FFFD; ids outside the vocabulary say nothing.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(16, ids.Length * 4));
        foreach (var id in ids)
        {
            if ((uint)id < (uint)_bytes.Length && _bytes[id] is { } token && !(skipSpecialTokens && _special.Contains(id)))
            {
                bytes.Write(token);
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}

using System.Text.Json.Nodes;

namespace Cpt.Models;

/// <summary>
/// The tokenizer of small models: one token a byte (id = byte), and <c>&lt;|endoftext|&gt;</c> (id 256), which ends and pads. For models with images
/// four more stand behind it.
/// Written as an ordinary tokenizer.json, so that transformers reads it too.
/// </summary>
public static class ByteTokenizer
{
    public const string EndOfText = "<|endoftext|>";
    public const int EndOfTextId = 256;
    public const int VocabSize = 257;

    /// <summary>With the tokens around and within images.</summary>
    public const int VocabSizeWithImages = 261;
    public const int VisionStartId = 257;
    public const int VisionEndId = 258;
    public const int ImageId = 259;
    public const int VideoId = 260;

    /// <summary>tokenizer.json and tokenizer_config.json.</summary>
    public static CompanionFiles Files() => CompanionFiles.Of(
    [
        new(Tokenizer.FileName, Vocabulary(images: false)),
        new("tokenizer_config.json", Settings()),
    ]);

    /// <summary>The same with the image tokens, and the preprocessor_config.json of the model.</summary>
    public static CompanionFiles FilesWithImages(ImageProcessorSettings settings, VisionConfig vision) => CompanionFiles.Of(
    [
        new(Tokenizer.FileName, Vocabulary(images: true)),
        new("tokenizer_config.json", Settings()),
        new(ImageProcessorSettings.FileName, settings.ToJson(vision)),
    ]);

    private static string Vocabulary(bool images)
    {
        var vocabulary = new JsonObject();
        for (var value = 0; value < 256; value++)
        {
            vocabulary[ByteAlphabet.Character((byte)value).ToString()] = value;
        }

        JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };
        return Text(new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = images
                ? [Added(EndOfTextId, EndOfText), Added(VisionStartId, "<|vision_start|>"), Added(VisionEndId, "<|vision_end|>"), Added(ImageId, "<|image_pad|>"), Added(VideoId, "<|video_pad|>")]
                : new JsonArray(Added(EndOfTextId, EndOfText)),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null, ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false, ["byte_fallback"] = false, ["ignore_merges"] = false, ["vocab"] = vocabulary, ["merges"] = new JsonArray(),
            },
        });
    }

    private static JsonObject Added(int id, string content) => new()
    {
        ["id"] = id, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
    };

    private static string Settings() => Text(new JsonObject
    {
        ["add_prefix_space"] = false,
        ["clean_up_tokenization_spaces"] = false,
        ["eos_token"] = EndOfText,
        ["pad_token"] = EndOfText,
        ["model_max_length"] = 1_000_000,
        ["tokenizer_class"] = "PreTrainedTokenizerFast",
    });

    private static string Text(JsonNode json) => json.ToJsonString(ModelConfigWriter.Indented) + "\n";
}

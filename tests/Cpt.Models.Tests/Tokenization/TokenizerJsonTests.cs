using System.Text.Json.Nodes;

namespace Cpt.Models.Tests;

public sealed class TokenizerJsonTests
{
    public static TheoryData<string, Action<JsonObject>> WrongFiles => new()
    {
        { "model.type 'Unigram' is not supported; expected BPE", json => json["model"]!["type"] = "Unigram" },
        { "normalizer 'Lowercase' is not supported; expected NFC or none", json => json["normalizer"] = new JsonObject { ["type"] = "Lowercase" } },
        { "pre_tokenizer has no ByteLevel step", json => json["pre_tokenizer"] = null },
        { "pre_tokenizer 'Metaspace' is not supported", json => json["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace" } },
        { "model.vocab lacks 'A', the token of byte 0x41", json => json["model"]!["vocab"]!.AsObject().Remove("A") },
        { "model.merges[0] \"A B\" is wrong", json => json["model"]!["merges"] = new JsonArray("A B") },
        { "model is missing", json => json.Remove("model") },
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public void AWrongFileIsRefusedByName(string expected, Action<JsonObject> damage)
    {
        using var scratch = new ScratchDirectory();
        ByteTokenizer.Files().WriteTo(scratch.Root);
        var json = JsonNode.Parse(File.ReadAllText(scratch["tokenizer.json"]))!.AsObject();
        damage(json);
        File.WriteAllText(scratch["tokenizer.json"], json.ToJsonString());
        var exception = Assert.Throws<ModelFormatException>(() => Tokenizer.Load(scratch.Root));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(scratch["tokenizer.json"], exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATruncatedFileIsRefused()
    {
        using var scratch = new ScratchDirectory();
        ByteTokenizer.Files().WriteTo(scratch.Root);
        File.WriteAllText(scratch["tokenizer.json"], File.ReadAllText(scratch["tokenizer.json"])[..500]);
        Assert.Contains("is not JSON", Assert.Throws<ModelFormatException>(() => Tokenizer.Load(scratch.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        using var scratch = new ScratchDirectory();
        Assert.Equal(scratch["tokenizer.json"], Assert.Throws<FileNotFoundException>(() => Tokenizer.Load(scratch.Root)).FileName);
    }

    [Fact]
    public void MergesAreAppliedByRankAndStripFlagsTakeWhiteSpaceAlong()
    {
        using var scratch = new ScratchDirectory();
        ByteTokenizer.Files().WriteTo(scratch.Root);
        var json = JsonNode.Parse(File.ReadAllText(scratch["tokenizer.json"]))!.AsObject();
        var vocabulary = json["model"]!["vocab"]!.AsObject();
        vocabulary["bc"] = 257;
        vocabulary["ab"] = 258;
        vocabulary["abc"] = 259;
        json["model"]!["merges"] = new JsonArray("b c", "a b", "a bc");
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 260, ["content"] = "<cut>", ["lstrip"] = true, ["rstrip"] = true, ["special"] = false, ["normalized"] = false, ["single_word"] = false });
        File.WriteAllText(scratch["tokenizer.json"], json.ToJsonString());
        var tokenizer = Tokenizer.Load(scratch.Root);
        Assert.Equal([259], tokenizer.Encode("abc"));
        Assert.Equal([258, 257], tokenizer.Encode("abbc"));
        Assert.Equal(['x', 260, 'y'], tokenizer.Encode("x  <cut> y"));
        Assert.Equal(['x', 260], tokenizer.Encode("x<cut>", allowSpecial: false));
        Assert.Equal(261, tokenizer.VocabSize);
    }
}

using System.Text;

namespace Cpt.Models.Tests;

public sealed class ByteTokenizerTests
{
    private static readonly string s_fixture = Path.Combine(Repository.Root, "tests", "data", "byte_tokenizer");

    [Fact]
    public void AnIdIsAByte()
    {
        var tokenizer = Tokenizer.Load(s_fixture);
        var text = "3+4=7\n é 🚀";
        Assert.Equal(Encoding.UTF8.GetBytes(text).Select(value => (int)value), tokenizer.Encode(text));
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Equal(257, tokenizer.VocabSize);
    }

    [Fact]
    public void EndOfTextEndsAndPads()
    {
        var tokenizer = Tokenizer.Load(s_fixture);
        Assert.Equal(256, tokenizer.EosTokenId);
        Assert.Equal(256, tokenizer.PadTokenId);
        Assert.Equal([65, 256], tokenizer.Encode("A<|endoftext|>"));
        Assert.Equal("A", tokenizer.Decode([65, 256], skipSpecialTokens: true));
        Assert.Equal("A<|endoftext|>", tokenizer.Decode([65, 256]));
    }

    [Fact]
    public void BytesThatAreNoUtf8BecomeReplacementCharacters()
    {
        Assert.Equal("\uFFFDA", Tokenizer.Load(s_fixture).Decode([0xC3, 65]));
    }

    [Fact]
    public void AChatWithoutChatMlIsItsContents()
    {
        var tokenizer = Tokenizer.Load(s_fixture);
        Assert.Equal("12", ChatTemplate.Render(tokenizer, [new("user", "1"), new("assistant", "2")], addGenerationPrompt: true));
        Assert.Equal([49, 50], ChatTemplate.Encode(tokenizer, [new("user", "1"), new("assistant", "2")], addGenerationPrompt: true));
    }

    [Fact]
    public void TheFixtureIsWhatTheCodeWrites()
    {
        using var scratch = new ScratchDirectory();
        ByteTokenizer.Files().WriteTo(scratch.Root);
        foreach (var name in ByteTokenizer.Files().Names)
        {
            Assert.Equal(File.ReadAllText(Path.Combine(s_fixture, name)), File.ReadAllText(scratch[name]));
        }
    }
}

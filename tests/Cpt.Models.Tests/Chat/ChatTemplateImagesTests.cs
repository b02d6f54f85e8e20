namespace Cpt.Models.Tests;

public sealed class ChatTemplateImagesTests
{
    private static readonly ModelConfig s_config = Small.VisionConfig with { VocabSize = 400, ImageTokenId = 300, VisionStartTokenId = 301, VisionEndTokenId = 302 };

    private readonly Tokenizer _bytes = ByteTokenizerOf(ByteTokenizer.Files());

    [Fact]
    public void EachMarkBecomesAsManyTokensAsItsImageHas()
    {
        var prompt = ChatTemplate.Encode(_bytes, [new ChatMessage("user", "a<image>b<image>") { ImageTokens = [2, 1] }], addGenerationPrompt: true, s_config);
        Assert.Equal([97, 301, 300, 300, 302, 98, 301, 300, 302], prompt.Ids);
        Assert.Equal([2, 7], prompt.ImageColumns);
    }

    [Fact]
    public void MessagesWithAndWithoutImagesMix()
    {
        ChatMessage[] messages = [new("system", "s"), new("user", "<image>x") { ImageTokens = [1] }, new("assistant", "<image>"), new("user", "y")];
        var prompt = ChatTemplate.Encode(_bytes, messages, addGenerationPrompt: true, s_config);
        Assert.Equal([115, 301, 300, 302, 120, .. _bytes.Encode("<image>y")], prompt.Ids);
        Assert.Equal([2], prompt.ImageColumns);
    }

    [Fact]
    public void AMarkWithoutImagesIsText() =>
        Assert.Equal(_bytes.Encode("a<image>"), ChatTemplate.Encode(_bytes, [new ChatMessage("user", "a<image>")], addGenerationPrompt: true));

    [Fact]
    public void ImagesAreShownInTheModelsOwnWords() =>
        Assert.Equal("a<|vision_start|><|image_pad|><|vision_end|>b", ChatTemplate.Render(_bytes, [new ChatMessage("user", "a<image>b") { ImageTokens = [7] }], addGenerationPrompt: true));

    [Theory]
    [InlineData("no mark")]
    [InlineData("<image><image>")]
    public void MarksAndImagesMustBeAsMany(string content)
    {
        var error = Assert.Throws<ArgumentException>(() => ChatTemplate.Encode(_bytes, [new ChatMessage("user", content) { ImageTokens = [1] }], addGenerationPrompt: true, s_config));
        Assert.Contains("expected one mark for each image", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelOfTextAloneCannotBeShownImages() =>
        Assert.Contains("no vision tower", Assert.Throws<ArgumentException>(() => ChatTemplate.Encode(_bytes, [new ChatMessage("user", "<image>") { ImageTokens = [1] }], addGenerationPrompt: true, Small.Config)).Message, StringComparison.Ordinal);

    private static Tokenizer ByteTokenizerOf(CompanionFiles files)
    {
        using var scratch = new ScratchDirectory();
        files.WriteTo(scratch.Root);
        return Tokenizer.Load(scratch.Root);
    }
}

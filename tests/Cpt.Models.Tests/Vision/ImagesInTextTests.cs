using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>What batching, padding and caching must not change, and what is refused.</summary>
public sealed class ImagesInTextTests : IDisposable
{
    private const int Image = 60;

    private readonly CausalLM _model = Small.VisionModel(5);
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly GradMode _mode = torch.no_grad();

    /// <summary>A picture of 3 × 2 tokens within words.</summary>
    private readonly int[] _prompt = [3, 57, Image, Image, Image, Image, Image, Image, 58, 7, 9];
    private readonly PromptImage[] _images = [new(2, Small.Noise(6, 4, 1))];

    /// <summary>Two pictures of 1 × 3 and 2 × 2 tokens.</summary>
    private readonly int[] _other = [57, Image, Image, Image, 58, 57, Image, Image, Image, Image, 58, 21, 8, 30];
    private readonly PromptImage[] _otherImages = [new(1, Small.Noise(2, 6, 2)), new(6, Small.Noise(4, 4, 3))];

    private readonly int[] _words = [1, 2, 3, 4];

    public void Dispose()
    {
        _mode.Dispose();
        _scope.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void ARowsLogitsDoNotDependOnTheOtherRowsOrOnItsPadding()
    {
        const int Width = 16;
        int[][] prompts = [_prompt, _other, _words];
        PromptImage[][] images = [_images, _otherImages, []];
        var starts = prompts.Select(prompt => (long)(Width - prompt.Length)).ToArray();
        var ids = prompts.SelectMany(prompt => Enumerable.Repeat(0L, Width - prompt.Length).Concat(prompt.Select(id => (long)id))).ToArray();
        var mask = prompts.SelectMany(prompt => Enumerable.Repeat(0L, Width - prompt.Length).Concat(Enumerable.Repeat(1L, prompt.Length))).ToArray();
        var batch = _model.forward(torch.tensor<long>(ids, 3, Width), torch.tensor<long>(mask, 3, Width), ImageInput.Of(images, starts, _model.Config, torch.CPU));
        for (var row = 0; row < 3; row++)
        {
            var alone = Logits(prompts[row], images[row]);
            Assert.True(batch[row].narrow(0, starts[row], prompts[row].Length).allclose(alone, 1e-4, 1e-4), $"row {row}");
        }
    }

    [Fact]
    public void GenerationWithACacheGivesWhatWholePassesGive()
    {
        var rows = new TextGenerator(_model).Generate(new GenerationRequest { Prompts = [_prompt, _other, _words, _other], Images = [_images, _otherImages, [], _otherImages], MaxNewTokens = 8, Temperature = 0 }).Rows;
        Assert.Equal(Greedy(_prompt, _images, 8), rows[0].Tokens);
        Assert.Equal(Greedy(_other, _otherImages, 8), rows[1].Tokens);
        Assert.Equal(Greedy(_words, [], 8), rows[2].Tokens);
        Assert.Equal(rows[1].Tokens, rows[3].Tokens);
    }

    [Fact]
    public void RolloutsOfOnePromptShareItsImagesAndDifferInTheirDraws()
    {
        var request = new GenerationRequest { Prompts = [_prompt, _prompt, _prompt], Images = [_images, _images, _images], MaxNewTokens = 12, Temperature = 1, Seed = 4 };
        var together = new TextGenerator(_model).Generate(request).Rows;
        Assert.NotEqual(together[0].Tokens, together[1].Tokens);
        var alone = new TextGenerator(_model).Generate(request with { Prompts = [_prompt], Images = [_images], RowIds = [2] }).Rows;
        Assert.Equal(together[2].Tokens, alone[0].Tokens);
        Assert.Equal(together[2].LogProbs, alone[0].LogProbs);
    }

    [Fact]
    public void EqualWordsWithOtherPicturesAreAnotherPrompt()
    {
        PromptImage[] other = [new(2, Small.Noise(6, 4, 9))];
        var rows = new TextGenerator(_model).Generate(new GenerationRequest { Prompts = [_prompt, _prompt], Images = [_images, other], MaxNewTokens = 10, Temperature = 0 }).Rows;
        Assert.Equal(Greedy(_prompt, _images, 10), rows[0].Tokens);
        Assert.Equal(Greedy(_prompt, other, 10), rows[1].Tokens);
        Assert.NotEqual(rows[0].LogProbs, rows[1].LogProbs);
    }

    [Fact]
    public void RowsWithOneImageComputeItOnceAndShareItsGradient()
    {
        using var on = torch.enable_grad();
        var ids = torch.tensor<long>([.. _prompt, .. _prompt], 2, _prompt.Length);
        var shared = ImageInput.Of([_images, _images], null, _model.Config, torch.CPU)!;
        Assert.Equal(24, shared.PixelValues.size(0));
        _model.forward(ids, null, shared).square().sum().backward();
        var together = _model.NamedGradients().ToDictionary(gradient => gradient.Name, gradient => gradient.Value.clone());
        foreach (var parameter in _model.Parameters)
        {
            parameter.Value.grad = null;
        }

        PromptImage[] copy = [new(2, ImageSource.Of(_images[0].Image.Load()))];
        var apart = ImageInput.Of([_images, copy], null, _model.Config, torch.CPU)!;
        Assert.Equal(48, apart.PixelValues.size(0));
        _model.forward(ids, null, apart).square().sum().backward();
        Assert.All(_model.NamedGradients(), gradient =>
        {
            var largest = gradient.Value.abs().max().item<float>();
            Assert.True((gradient.Value - together[gradient.Name]).abs().max().item<float>() <= 1e-4 * (largest + 1), gradient.Name);
        });
    }

    [Fact]
    public void ASampledImageTokenIsAWordAndNoPicture()
    {
        // The last token of the sequence is one that the policy made up.
        int[] sequence = [.. _prompt, Image, 4];
        var whole = Logits(sequence, _images);
        Assert.True(whole.isfinite().all().item<bool>());
        Assert.True(whole.narrow(0, 0, _prompt.Length).allclose(Logits(_prompt, _images), 1e-4, 1e-4));
    }

    [Fact]
    public void WithoutPicturesTheModelIsADecoderOfText()
    {
        var ids = torch.tensor<long>([1, 2, 3, 4], 1, 4);
        Assert.True(_model.forward(ids, null, new ImageInput(torch.empty([0, 96]), [], [])).equal(_model.forward(ids)));
    }

    [Fact]
    public void GradientsReachTheTowerAndTheWordsButNotTheImageTokensEmbedding()
    {
        using var on = torch.enable_grad();
        Logits(_prompt, _images).sum().backward();
        foreach (var (name, value) in _model.NamedGradients())
        {
            // The bias of the keys shifts all scores of a query alike, which softmax does not see.
            Assert.True(value.abs().sum().item<float>() > 0 || name.EndsWith("k_proj.bias", StringComparison.Ordinal), name);
        }

        var embedding = _model.NamedGradients().First(gradient => gradient.Name == "model.embed_tokens.weight").Value;
        Assert.Equal(0, embedding[Image].abs().sum().item<float>());
        Assert.True(embedding[3].abs().sum().item<float>() > 0);
    }

    [Theory]
    [InlineData(5, "5 image tokens (id 60) for 1 images of 6 tokens")]
    [InlineData(7, "7 image tokens (id 60) for 1 images of 6 tokens")]
    [InlineData(0, "0 image tokens (id 60) for 1 images of 6 tokens")]
    public void AWrongNumberOfPlaceholdersIsRefused(int count, string expected)
    {
        long[] ids = [1, .. Enumerable.Repeat((long)Image, count), 2];
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => ImageInput.Find(ids, ids.Length, [new ImageGrid(1, 6, 4)], _model.Config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PlaceholdersOfTwoPicturesMayNotBeDealtOutOtherwise()
    {
        long[] ids = [Image, Image, 1, Image, Image, Image, Image];
        var grids = new[] { new ImageGrid(1, 4, 4), new ImageGrid(1, 2, 4) };
        Assert.Contains("row 0: the image tokens from column 0 on are fewer than the 4 of image 0", Assert.Throws<ArgumentException>(() => ImageInput.Find(ids, 7, grids, _model.Config)).Message, StringComparison.Ordinal);
        Assert.Equal([new PlacedImage(0, 0, 0), new PlacedImage(0, 3, 1)], ImageInput.Find(ids, 7, [grids[1], grids[0]], _model.Config));
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedBeforeItIsComputed()
    {
        var ids = torch.tensor<long>(_prompt.Select(id => (long)id).ToArray(), 1, _prompt.Length);
        var pixels = torch.zeros([24, 96]);
        Refused(new ImageInput(pixels, [new ImageGrid(1, 6, 4)], [new PlacedImage(0, 6, 0)]), "an image of 6 tokens at row 0, column 6 does not fit a batch of 1 × 11 tokens");
        Refused(new ImageInput(pixels, [new ImageGrid(2, 6, 4)], [new PlacedImage(0, 2, 0)]), "has 2 frames; expected 1: video is not supported");
        Refused(new ImageInput(pixels, [new ImageGrid(1, 5, 4)], [new PlacedImage(0, 2, 0)]), "in multiples of 2 (spatial_merge_size)");
        Refused(new ImageInput(pixels.narrow(0, 0, 20), [new ImageGrid(1, 6, 4)], [new PlacedImage(0, 2, 0)]), "pixel values have shape [20, 96]; expected [24, 96]");
        using var text = Small.Model();
        Assert.Contains("has no vision tower", Assert.Throws<ArgumentException>(() => text.forward(ids, null, new ImageInput(pixels, [new ImageGrid(1, 6, 4)], [new PlacedImage(0, 2, 0)]))).Message, StringComparison.Ordinal);

        void Refused(ImageInput images, string expected) => Assert.Contains(expected, Assert.Throws<ArgumentException>(() => _model.forward(ids, null, images)).Message, StringComparison.Ordinal);
    }

    private Tensor Logits(int[] prompt, PromptImage[] images) =>
        _model.forward(torch.tensor<long>(prompt.Select(id => (long)id).ToArray(), 1, prompt.Length), null, ImageInput.Of([images], null, _model.Config, torch.CPU))[0];

    private int[] Greedy(int[] prompt, PromptImage[] images, int count)
    {
        List<int> all = [.. prompt];
        for (var i = 0; i < count; i++)
        {
            all.Add((int)Logits([.. all], images)[all.Count - 1].argmax().item<long>());
        }

        return [.. all[prompt.Length..]];
    }
}

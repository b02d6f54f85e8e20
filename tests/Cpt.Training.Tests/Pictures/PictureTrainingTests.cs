using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class PictureTrainingTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("cpt-pictures-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void SftTeachesTheTowerAndTheDecoder()
    {
        using var model = Tiny.VisionModel();
        var before = Tiny.Weights(model);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(12, batch: 16)), model, Tiny.Shapes()));
        loop.Preflight(default);
        var first = loop.RunStep(default).Loss;
        while (!loop.Finished) loop.RunStep(default);
        Assert.True(loop.History.Points[^1].Loss < first);
        Assert.All(Tiny.Weights(model), weight => Assert.False(weight.Value.AsSpan().SequenceEqual(before[weight.Key]), weight.Key));
    }

    [Fact]
    public void APromptHasAsManyImageTokensAsItsPicture()
    {
        using var model = Tiny.VisionModel();
        var prompt = PromptBuilder.Of(Tiny.Shapes(), model, Tiny.Tokenizer, PromptStyle.Direct).Prompt(Tiny.Shapes().Train[0]);
        Assert.Equal([257, 259, 259, 259, 259, 258, .. Tiny.Tokenizer.Encode("How many?")], prompt.Tokens);
        Assert.Equal((1, new ImageGrid(1, 4, 4)), (Assert.Single(prompt.Images).Column, prompt.Images[0].Image.Grid));
    }

    [Fact]
    public void SeveralPicturesStandAtTheirMarksAndEqualNamesAreOneImage()
    {
        using var model = Tiny.VisionModel();
        var made = Tiny.Shapes();
        var task = Files(made, ["images/train-000000.png", "images/train-000001.png", "images/train-000000.png"], "Same: <image>, <image>, <image>?");
        var prompt = PromptBuilder.Of(task, model, Tiny.Tokenizer, PromptStyle.Direct).Prompt(task.Train[0]);
        Assert.Equal([7, 15, 23], prompt.Images.Select(image => image.Column));
        Assert.Same(prompt.Images[0].Image, prompt.Images[2].Image);
        Assert.Equal(12, prompt.Tokens.Count(token => token == ByteTokenizer.ImageId));
        Assert.Equal(made.Drawn("images/train-000001.png")!.Pixels, PictureDecoder.Decode(task.ImageFile("images/train-000001.png")).Pixels);
    }

    [Fact]
    public void AWrittenTaskTeachesTheSameBitsAsTheGeneratedOne()
    {
        var made = Tiny.Shapes();
        TaskWriter.Write(Path.Combine(_directory, "task"), made);
        Tiny.AreEqual(Trained(made), Trained(TaskLoader.LoadDirectory(Path.Combine(_directory, "task"))));

        static Dictionary<string, float[]> Trained(TaskData task)
        {
            using var model = Tiny.VisionModel();
            using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(2)), model, task));
            while (!loop.Finished) loop.RunStep(default);
            return Tiny.Weights(model);
        }
    }

    [Fact]
    public void LogProbabilitiesOfRolloutsAreThoseTheUpdateStartsFrom()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.HalfTaughtPictures();
        var rft = Tiny.Grpo();
        var prompts = PromptBuilder.Of(Tiny.Shapes(), model, Tiny.Tokenizer, PromptStyle.Direct);
        var asked = Tiny.Shapes().Train.Take(4).Select(prompts.Prompt).ToArray();
        var rows = new TextGenerator(model).Generate(new GenerationRequest
        {
            Prompts = Array.ConvertAll(asked, prompt => prompt.Tokens), Images = ModelPrompt.ImagesOf(asked), MaxNewTokens = rft.MaxResponseTokens, StopTokens = [ByteTokenizer.EndOfTextId], Seed = 2,
        }).Rows;
        using var noGrad = torch.no_grad();
        using var batch = TokenBatch.Of([.. asked.Zip(rows, (prompt, row) => TrainingSequence.Of(prompt, row.Tokens))], ByteTokenizer.EndOfTextId, torch.CPU);
        var again = new ResponseLogProbs(model, bfloat16: false).Of(batch).data<float>();
        var sampled = rows.SelectMany(row => row.LogProbs).ToArray();
        Assert.Equal(sampled.Length, again.Length);
        for (var i = 0; i < sampled.Length; i++) Assert.Equal(sampled[i], again[i], 1e-4f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AModelOfTextAloneIsRefusedATaskWithPictures(bool rft)
    {
        using var model = Tiny.Model();
        var training = rft ? Tiny.Rft(Tiny.Optimization(2), Tiny.Grpo()) : Tiny.Sft(Tiny.Optimization(2));
        var error = Assert.Throws<StageFailureException>(() => StageLoops.Create(Tiny.Context(training, model, Tiny.Shapes())));
        Assert.Equal((ExitCodes.BadSpec, "ImagesUnsupported"), (error.ExitCode, error.Reason));
        Assert.Contains("task count shows images, but the model (model_type qwen2) has no vision tower", error.Message, StringComparison.Ordinal);
        var evaluation = Assert.Throws<StageFailureException>(() => new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings()).Check(Tiny.Shapes()));
        Assert.Equal("ImagesUnsupported", evaluation.Reason);
    }

    [Fact]
    public void AModelWithPicturesLearnsText()
    {
        using var model = Tiny.VisionModel();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(3)), model, Tiny.EvenDigits()));
        while (!loop.Finished) loop.RunStep(default);
        Assert.True(double.IsFinite(loop.History.Points[^1].Loss));
    }

    public static TheoryData<string, byte[], string> BadPictures => new()
    {
        { "cut off in its header", PngFile.Of(new Picture(56, 28))[..20], "is a PNG of 20 bytes without a header (IHDR)" },
        { "cut off in its data", PngFile.Of(new Picture(56, 28))[..900], "is a PNG of 900 bytes that ends before its last part (IEND): it is cut off" },
        { "a line", PngFile.Of(new Picture(1, 10000)), "is 1×10000 pixels, one side more than 200 times the other" },
        { "a line that lies", PngFile.Of(new Picture(10000, 1)), "is 10000×1 pixels, one side more than 200 times the other" },
        { "no picture", [1, 2, 3], "is no PNG or JPEG: it begins with 010203" },
    };

    [Theory]
    [MemberData(nameof(BadPictures))]
    public void ABadPictureIsFoundBeforeTheFirstStep(string what, byte[] file, string expected)
    {
        Assert.NotEmpty(what);
        var task = Files(Tiny.Shapes(), ["images/bad.png"], "How many?", ("images/bad.png", file));
        using var model = Tiny.VisionModel();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(2)), model, task));
        var error = Assert.Throws<StageFailureException>(() => loop.Preflight(default));
        Assert.Equal((ExitCodes.BadData, "BadImage"), (error.ExitCode, error.Reason));
        Assert.Contains("task count, sample extra: image 'images/bad.png' " + expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADamagedPictureIsRefusedWhenItsPixelsAreDue()
    {
        var damaged = PngFile.Of(new Picture(56, 28));
        damaged.AsSpan(60, 400).Fill(77);
        var task = Files(Tiny.Shapes(), ["images/bad.png"], "How many?", ("images/bad.png", damaged));
        using var model = Tiny.VisionModel();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(1, batch: 64)), model, task));
        var error = Assert.Throws<StageFailureException>(() => loop.RunStep(default));
        Assert.Equal("BadImage", error.Reason);
        Assert.Contains("'images/bad.png' is a damaged or cut off Png of 56×28 pixels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheCacheKeepsWhatWasUsedLastAndNoMoreThanItsBound()
    {
        var cache = new PatchCache(capacity: 2 * 4 * 100);
        var reads = new List<string>();
        ImagePatches Get(string name) => cache.Get(name, () =>
        {
            reads.Add(name);
            return new ImagePatches(new float[100], new ImageGrid(1, 2, 2));
        });

        var first = Get("a");
        Get("b");
        Assert.Same(first, Get("a"));
        Get("c");
        Assert.Same(first, Get("a"));
        Get("b");
        Assert.Equal(["a", "b", "c", "b"], reads);
    }

    /// <summary>A task of files like a generated one, with one more sample.</summary>
    private TaskData Files(TaskData made, string[] images, string question, params (string Name, byte[] Content)[] more)
    {
        var directory = Path.Combine(_directory, "files");
        TaskWriter.Write(directory, made);
        foreach (var (name, content) in more) File.WriteAllBytes(Path.Combine(directory, name), content);
        var train = Path.Combine(directory, "train.jsonl");
        var line = System.Text.Json.JsonSerializer.Serialize(new { id = "extra", messages = new[] { new { role = "user", content = question } }, answer = "1", images });
        File.WriteAllText(train, line + "\n" + File.ReadAllText(train));
        return TaskLoader.LoadDirectory(directory);
    }
}

using System.Text.Json;

namespace Cpt.Tasks.Tests;

public sealed class ImageMarksTests : IDisposable
{
    private readonly Temporary _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("Which is larger, <image> or <image>?", 2, null)]
    [InlineData("Which is larger?", 2, null)]
    [InlineData("Write <image> in HTML.", 0, null)]
    [InlineData("<image> or <image>?", 1, "1 images for 2 marks <image> in the messages; write one mark for each image, or none to show all before the last message")]
    [InlineData("<image>?", 2, "2 images for 1 marks <image>")]
    [InlineData("All of them?", 65, "65 are too many; a sample may have 64")]
    public void MarksAndImagesMustFit(string content, int images, string? expected)
    {
        for (var i = 0; i < images; i++)
            _files.Write($"task/images/{i}.png", "not looked at here");

        var line = JsonSerializer.Serialize(new { id = "q", messages = new[] { new { role = "user", content } }, answer = "a", images = Enumerable.Range(0, images).Select(i => $"images/{i}.png") });
        var task = _files.Task(train: line + "\n");
        if (expected is null)
        {
            Assert.Equal(images, TaskLoader.LoadDirectory(task).Train[0].Images.Count);
            return;
        }

        Assert.Contains("train.jsonl:1: images: " + expected, Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(task)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutMarksImagesStandBeforeTheLastMessage()
    {
        TaskMessage[] messages = [new("system", "Be brief."), new("user", "Which?")];
        Assert.Equal([messages[0], new("user", "<image><image>Which?")], ImageMarks.Placed(messages, 2));
        Assert.Same(messages, ImageMarks.Placed(messages, 0));
        TaskMessage[] marked = [new("user", "This: <image>"), new("assistant", "Yes."), new("user", "And <image>?")];
        Assert.Same(marked, ImageMarks.Placed(marked, 2));
    }

    [Fact]
    public void AnImageLargerThanTheBoundIsRefused()
    {
        Directory.CreateDirectory(_files["task/images"]);
        using (var file = File.Create(_files["task/images/a.png"]))
            file.SetLength((64L << 20) + 1);

        var task = _files.Task(train: Temporary.Line("a", """, "images": ["images/a.png"]"""));
        Assert.Contains("'images/a.png' has 67108865 bytes; an image may have 67108864", Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(task)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASystemPromptStandsBeforeSamplesThatHaveNone()
    {
        var own = """{"id": "own", "messages": [{"role": "system", "content": "Mine."}, {"role": "user", "content": "?"}], "answer": "2"}""" + "\n";
        var task = TaskLoader.LoadDirectory(_files.Task("""{"name": "x", "scorer": "ExactMatch", "systemPrompt": "You are a helpful assistant."}""", train: Temporary.Line("a") + own));
        Assert.Equal([new("system", "You are a helpful assistant."), new("user", "1+1=")], task.Train[0].Messages);
        Assert.Equal("Mine.", task.Train[1].Messages[0].Content);

        TaskWriter.Write(_files["copy"], task);
        Assert.Equal(task.Train[0].Messages, TaskLoader.LoadDirectory(_files["copy"]).Train[0].Messages);
    }
}

namespace Cpt.Tasks.Tests;

public sealed class TaskLoaderTests : IDisposable
{
    private readonly Temporary _files = new();

    [Fact]
    public void AllFieldsOfATaskAreRead()
    {
        _files.Write("task/images/a.png", "not looked at here");
        var task = TaskLoader.LoadDirectory(_files.Task(
            """{"name": "zoo", "description": "Animals", "scorer": "ChoiceLetter", "version": "3", "license": "MIT", "source": "made up", "promptSuffix": "\nLetter:"}""",
            """{"id": "q1", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which?"}], "answer": "B", "accept": "B|b", "choices": ["cat", "dog"], "images": ["images/a.png"], "metadata": {"page": 7}}""",
            """{"id": "q2", "messages": [{"role": "user", "content": "Which?"}], "answer": "A"}"""));

        Assert.Equal(("zoo", "Animals", "3", "MIT", "made up"), (task.Name, task.Definition.Description, task.Definition.Version, task.Definition.License, task.Definition.Source));
        var sample = Assert.Single(task.Train);
        Assert.Equal([new TaskMessage("system", "Be brief."), new TaskMessage("user", "Which?\nLetter:")], sample.Messages);
        Assert.Equal(("q1", "B", "B|b"), (sample.Id, sample.Answer, sample.Accept));
        Assert.Equal(["cat", "dog"], sample.Choices);
        Assert.Equal(["images/a.png"], sample.Images);
        Assert.Equal(1, task.Scorer.Score(sample, "(B)"));
    }

    [Fact]
    public void BlankLinesAByteOrderMarkAndWindowsLineEndsDoNotMatter()
    {
        var task = TaskLoader.LoadDirectory(_files.Task(train: "\uFEFF" + Temporary.Line("a").TrimEnd() + "\r\n\r\n  \n" + Temporary.Line("b").TrimEnd()));
        Assert.Equal(["a", "b"], task.Train.Select(sample => sample.Id));
    }

    [Theory]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": 4}""", "answer: must be a string, found 4; write \"4\"")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": " "}""", "answer: must not be empty")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}]}""", "answer: missing")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}], "answer": "4"}""", "id: missing")]
    [InlineData("""{"id": "x", "answer": "4"}""", "messages: missing")]
    [InlineData("""{"id": "x", "messages": [], "answer": "4"}""", "messages: must hold at least one message")]
    [InlineData("""{"id": "x", "messages": "q", "answer": "4"}""", "messages: must be a list, found \"q\"")]
    [InlineData("""{"id": "x", "messages": ["q"], "answer": "4"}""", "messages[0]: must be an object with role and content, found \"q\"")]
    [InlineData("""{"id": "x", "messages": [{"role": "human", "content": "q"}], "answer": "4"}""", "messages[0].role: 'human' is no role; known are system, user, assistant")]
    [InlineData("""{"id": "x", "messages": [{"role": "user"}], "answer": "4"}""", "messages[0].content: missing")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "answer": "4"}""", "messages[1].role: the last message must be the user's")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": "4", "choises": []}""", "choises: unknown field; known are id, messages")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": "4", "choices": [1]}""", "choices[0]: must be a string, found 1")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": "4", "accept": "[0-"}""", "accept: '[0-' is no usable regular expression")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": "4", "accept": ")("}""", "accept: ')(' is no usable regular expression")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": "4", "accept": "(4)\\1"}""", "accept: '(4)\\1' is no usable regular expression")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": "4", "images": ["../secret"]}""", "images[0]: '../secret' must be a path inside the task's directory")]
    [InlineData("""{"id": "x", "messages": [{"role": "user", "content": "q"}], "answer": "4", "images": ["gone.png"]}""", "images[0]: 'gone.png' does not exist")]
    [InlineData("""{"id": "x", "id": "y", "messages": [{"role": "user", "content": "q"}], "answer": "4"}""", "not valid JSON")]
    [InlineData("""{"id": "x", """, "not valid JSON")]
    [InlineData("""["x"]""", "must be a JSON object, found [\"x\"]")]
    [InlineData("""{"id": "good", "messages": [{"role": "user", "content": "q"}], "answer": "4"}""", "id: 'good' is already the id of line 1")]
    public void ABadLineIsRefusedWithItsFileLineAndField(string line, string expected)
    {
        var directory = _files.Task(train: Temporary.Line("good") + "\n" + line + "\n");
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(directory));
        Assert.StartsWith(Path.Combine(directory, "train.jsonl") + ":3: " + expected, error.Message, StringComparison.Ordinal);
        Assert.False(error.NoSamples);
    }

    [Fact]
    public void TextThatIsNotUtf8IsRefused()
    {
        var directory = _files.Task();
        File.WriteAllBytes(Path.Combine(directory, "eval.jsonl"), [.. "{\"id\": \"x\", \"messages\": [{\"role\": \"user\", \"content\": \"caf"u8, 0xE9, .. "\"}], \"answer\": \"4\"}"u8]);
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(directory));
        Assert.Contains("eval.jsonl:1: not valid", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryBadLineIsListedAndTheMessageCountsThem()
    {
        var directory = _files.Task(train: "{}\n" + Temporary.Line("good") + "[]\n");
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(directory));
        Assert.Equal(["1: id", "1: messages", "1: answer", "3: must be a JSON object, found []"], error.Errors.Select(line => line.Split("train.jsonl:")[1] is var text && text.StartsWith('1') ? text[..text.LastIndexOf(": missing", StringComparison.Ordinal)] : text));
        Assert.EndsWith("(and 3 more)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train.jsonl", "")]
    [InlineData("eval.jsonl", "\n \n")]
    public void ASplitWithNoLineIsRefused(string file, string content)
    {
        _files.Task();
        _files.Write("task/" + file, content);
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(_files["task"]));
        Assert.Equal($"{_files["task/" + file]}: no valid line; a split needs at least one sample", error.Message);
        Assert.True(error.NoSamples);
    }

    [Theory]
    [InlineData("task.json")]
    [InlineData("train.jsonl")]
    [InlineData("eval.jsonl")]
    public void AMissingFileIsNotFound(string file)
    {
        _files.Task();
        File.Delete(_files["task/" + file]);
        var error = Assert.Throws<TaskNotFoundException>(() => TaskLoader.LoadDirectory(_files["task"]));
        Assert.Equal($"{_files["task/" + file]} does not exist", error.Message);
    }

    [Fact]
    public void AMissingDirectoryIsNotFoundAndTheMessageSaysWhatBelongsThere()
    {
        var error = Assert.Throws<TaskNotFoundException>(() => TaskLoader.Load("file://./nothing", _files.Root));
        Assert.Equal($"{_files["nothing"]} does not exist; a task is a directory with task.json, train.jsonl and eval.jsonl", error.Message);
    }

    [Fact]
    public void ABenchmarkNeedsNoTrainSplit()
    {
        _files.Task("""{"name": "bench", "scorer": "ExactMatch", "evaluationOnly": true}""");
        File.Delete(_files["task/train.jsonl"]);
        var task = TaskLoader.LoadDirectory(_files["task"]);
        Assert.Empty(task.Train);
        Assert.Single(task.Eval);
    }

    [Theory]
    [InlineData("""{"name": "x", "scorer": "Exact"}""", "scorer: unknown scorer 'Exact'; known are ExactMatch, ChoiceLetter, Numeric, Pattern")]
    [InlineData("""{"scorer": "ExactMatch"}""", "name: missing")]
    [InlineData("""{"name": "x"}""", "scorer: missing")]
    [InlineData("""{"name": "x", "scorer": "ExactMatch", "prefix": ""}""", "prefix: unknown field; known are name, description")]
    [InlineData("""{"name": "x", "scorer": "ExactMatch", "evaluationOnly": "yes"}""", "evaluationOnly: must be true or false, found \"yes\"")]
    [InlineData("[]", "must be a JSON object, found []")]
    [InlineData("{", "not valid JSON")]
    public void AWrongDefinitionIsRefused(string definition, string expected)
    {
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(_files.Task(definition)));
        Assert.StartsWith($"{_files["task/task.json"]}: {expected}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Numeric", "answer: 'two' is no number (scorer Numeric)")]
    [InlineData("ChoiceLetter", "answer: 'two' must be one letter from A to J (scorer ChoiceLetter)")]
    [InlineData("Pattern", "accept: missing; it is the regular expression of every right answer (scorer Pattern)")]
    public void ASampleItsScorerCouldNeverJudgeIsRefused(string scorer, string expected)
    {
        var directory = _files.Task($$"""{"name": "x", "scorer": "{{scorer}}"}""", Temporary.Line("a").Replace("\"2\"", "\"two\"", StringComparison.Ordinal));
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(directory));
        Assert.EndsWith("train.jsonl:1: " + expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherScorerMustBeAbleToJudgeEverySample()
    {
        var task = TaskLoader.LoadDirectory(_files.Task());
        Assert.Equal(1, task.WithScorer("Numeric").Scorer.Score(task.Eval[0], "That makes 2."));
        Assert.Same(task, task.WithScorer(null));
        var error = Assert.Throws<TaskDataException>(() => task.WithScorer("ChoiceLetter"));
        Assert.StartsWith("task sums: scorer ChoiceLetter cannot judge train sample 't1': answer:", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("azblob://data/x", "only file:// and generated:// can be read here")]
    [InlineData("file://host/data", "after file:// comes an absolute path")]
    [InlineData("file://", "after file:// comes an absolute path")]
    public void AUriThatCannotBeReadHereIsRefused(string uri, string expected)
    {
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.Load(uri));
        Assert.StartsWith($"task {uri}: {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileUriMayBeAbsoluteOrRelativeAndEscaped()
    {
        Directory.Move(_files.Task(), _files["my task"]);
        Assert.Equal("sums", TaskLoader.Load("file://" + _files["my task"]).Name);
        Assert.Equal("sums", TaskLoader.Load("file://./my%20task", _files.Root).Name);
    }

    public void Dispose() => _files.Dispose();
}

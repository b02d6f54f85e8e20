using System.CommandLine;
using Cpt.Cli.Commands;
using Cpt.Cli.Importing;
using Cpt.Contract;
using Cpt.Tasks;
using Parquet.Schema;

namespace Cpt.Cli.Tests.Importing;

/// <summary>Each importer on a small sample in the layout of its publisher.</summary>
public sealed class ImportTests : IDisposable
{
    private readonly Published _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void ScienceQaKeepsTheQuestionsWithAPicture()
    {
        _data.Write("problems.json", """
            {"1": {"question": "Which is a solid?", "choices": ["milk", "rock"], "answer": 1, "hint": "Look.", "image": "image.png", "task": "closed choice", "grade": "grade2", "split": "train"},
             "2": {"question": "Which?", "choices": ["a", "b", "c"], "answer": 0, "hint": "", "image": "image.png", "split": "test"},
             "3": {"question": "No picture?", "choices": ["a", "b"], "answer": 0, "hint": "", "image": null, "split": "test"}}
            """);
        _data.Picture("images/train/1/image.png", "images/test/2/image.png");
        var (task, output) = Import("scienceqa");
        Assert.Equal(("ChoiceLetter", 1, 1), (task.Definition.Scorer, task.Train.Count, task.Eval.Count));
        var sample = task.Train[0];
        Assert.Equal("Look.\nWhich is a solid?\nA. milk\nB. rock\nAnswer with the letter of the right option.", sample.Messages[0].Content);
        Assert.Equal(("1", "B", "images/1.png"), (sample.Id, sample.Answer, Assert.Single(sample.Images)));
        Assert.Equal(["milk", "rock"], sample.Choices);
        Assert.Equal(1, task.Scorer.Score(sample, "The answer is (B)."));
        Assert.Contains("test: 1 questions without a picture are left out\n", output, StringComparison.Ordinal);
        Assert.EndsWith($"{_data.Task}  1 train, 1 eval, ChoiceLetter\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void TextVqaKeepsTheAnswersOfAllAnnotators()
    {
        string Entry(int id, string image, string answers) => $$"""{"data": [{"question": "what brand?", "image_id": "{{image}}", "question_id": {{id}}, "answers": [{{answers}}], "image_classes": ["Phone"], "set_name": "val"}, {"question": "what year?", "image_id": "{{image}}", "question_id": {{id + 1}}, "answers": ["1999"]}], "dataset_type": "val"}""";
        _data.Write("TextVQA_0.5.1_train.json", Entry(0, "aa", """ "nokia", "Nokia", "the nokia", "nokia 5", "nokia", "nokia", "n", "nokia", "nokia", "nokia" """));
        _data.Write("TextVQA_0.5.1_val.json", Entry(10, "bb", """ "sony", "sony", "lg" """));
        _data.Picture("train_images/aa.jpg", "train_images/bb.jpg");
        var (task, _) = Import("textvqa");
        Assert.Equal(("VqaAccuracy", "nokia", 10), (task.Definition.Scorer, task.Train[0].Answer, task.Train[0].Answers.Count));
        Assert.Equal("what brand?\nAnswer with a single word or phrase.", task.Train[0].Messages[0].Content);
        Assert.Equal(["0", "1"], task.Train.Select(sample => sample.Id));
        Assert.Equal(["images/aa.jpg"], task.Train.SelectMany(sample => sample.Images).Distinct());
        Assert.Equal(1, task.Scorer.Score(task.Train[0], "The Nokia"));
    }

    [Fact]
    public void VizWizReadsAnswersWithTheirConfidence()
    {
        string Entries(string image, string answer) => $$"""[{"image": "{{image}}", "question": "What is this?", "answerable": 0, "answer_type": "unanswerable", "answers": [{"answer": "unanswerable", "answer_confidence": "yes"}, {"answer": "{{answer}}", "answer_confidence": "no"}, {"answer": "unanswerable", "answer_confidence": "yes"}]}]""";
        _data.Write("Annotations/train.json", Entries("VizWiz_train_00000000.jpg", "can"));
        _data.Write("Annotations/val.json", Entries("VizWiz_val_00000000.jpg", "box"));
        _data.Picture("train/VizWiz_train_00000000.jpg", "val/VizWiz_val_00000000.jpg");
        var (task, _) = Import("vizwiz");
        Assert.Equal(("unanswerable", "VizWiz_train_00000000"), (task.Train[0].Answer, task.Train[0].Id));
        Assert.Equal(["unanswerable", "box", "unanswerable"], task.Eval[0].Answers);
    }

    [Fact]
    public void GqaReadsTheBalancedQuestions()
    {
        string Entries(string id) => $$"""{"{{id}}": {"semantic": [{"operation": "select", "dependencies": [], "argument": "bag (1)"}], "entailed": [], "equivalent": ["{{id}}"], "question": "What is left of the bag?", "imageId": "n161313", "isBalanced": true, "answer": "chair", "fullAnswer": "The chair is left of the bag."} }""";
        _data.Write("questions/train_balanced_questions.json", Entries("07333408"));
        _data.Write("questions/testdev_balanced_questions.json", Entries("20"));
        _data.Picture("images/n161313.jpg");
        var (task, _) = Import("gqa");
        Assert.Equal(("07333408", "chair", "images/n161313.jpg"), (task.Train[0].Id, task.Train[0].Answer, task.Train[0].Images[0]));
        Assert.Equal((1, 0), (task.Scorer.Score(task.Eval[0], "Chair"), task.Scorer.Score(task.Eval[0], "the chair")));
    }

    [Theory]
    [InlineData("geometry3k", "ChoiceLetter", "Find x.\nA. 5\nB. \\sqrt{41}\nC. 7\nD. 9\nAnswer with the letter of the right option.", "B", "B")]
    [InlineData("geometry3k-open", "Latex(relative=0.01)", "Find x.", "\\sqrt{41}", "6.4")]
    public void Geometry3KIsImportedAsChoicesOrOpen(string name, string scorer, string prompt, string answer, string right)
    {
        const string Problem = """{"annotat_text": "Find x.", "problem_text": "Find x.", "choices": ["5", "\\sqrt{41}", "7", "9"], "precise_value": [5.0, 6.4, 7.0, 9.0], "answer": "B", "id": 0}""";
        foreach (var directory in new[] { "train/10", "train/2", "test/2401" })
        {
            _data.Write($"{directory}/data.json", Problem);
            _data.Picture($"{directory}/img_diagram.png");
        }

        var (task, _) = Import(name);
        Assert.Equal(["2", "10"], task.Train.Select(sample => sample.Id));
        Assert.Equal((scorer, prompt, answer), (task.Definition.Scorer, task.Eval[0].Messages[0].Content, task.Eval[0].Answer));
        Assert.Equal(1, task.Scorer.Score(task.Eval[0], right));
    }

    [Fact]
    public void PathVqaReadsParquetAndJudgesYesOrNoApart()
    {
        var schema = new ParquetSchema(Published.PictureField("image"), new DataField<string>("question"), new DataField<string>("answer"));
        Dictionary<string, object?> Row(string question, string answer) => new(StringComparer.Ordinal) { ["image"] = Published.PictureValue(), ["question"] = question, ["answer"] = answer };
        _data.Parquet("data/train-00000-of-00002-abc.parquet", schema, Row("is it benign?", "Yes"));
        _data.Parquet("data/train-00001-of-00002-abc.parquet", schema, Row("what is shown?", "kidney"));
        _data.Parquet("data/test-00000-of-00001-abc.parquet", schema, Row("is it?", "no"), Row("where?", "in the lung"));
        var (task, _) = Import("pathvqa");
        Assert.Equal(["train-000000", "train-000001"], task.Train.Select(sample => sample.Id));
        Assert.Equal([("YesNo", "no"), (null, "in the lung")], task.Eval.Select(sample => (sample.Scorer, sample.Answer)));
        Assert.Equal(["is it?\nAnswer yes or no.", "where?\nAnswer with a single word or phrase."], task.Eval.Select(sample => sample.Messages[0].Content));
        Assert.Equal((1, 1), (task.Scorer.Score(task.Eval[0], "No, it is not."), task.Scorer.Score(task.Eval[1], "In the lung")));
        Assert.Equal(Published.Png, task.ImageFile(task.Eval[1].Images[0]));
    }

    [Fact]
    public void SuperClevrIsSplitByTheNumberOfThePicture()
    {
        _data.Write("superCLEVR_questions_30k.json", """
            {"info": {"split": "new"}, "questions": [
              {"question": "How many cars are there?", "answer": 3, "image_filename": "superCLEVR_new_000007.png", "split": "new", "program": [{"type": "scene"}]},
              {"question": "What colour?", "answer": "red", "image_filename": "superCLEVR_new_020000.png"},
              {"question": "Is there a bus?", "answer": true, "image_filename": "superCLEVR_new_025000.png"},
              {"question": "What shape?", "answer": "Bus", "image_filename": "superCLEVR_new_029999.png"}]}
            """.Replace("true", "\"True\"", StringComparison.Ordinal));
        _data.Picture("images/superCLEVR_new_000007.png", "images/superCLEVR_new_025000.png", "images/superCLEVR_new_029999.png");
        var (task, _) = Import("superclevr");
        Assert.Equal([("q0000000", "3", "Numeric")], task.Train.Select(sample => (sample.Id, sample.Answer, sample.Scorer)));
        Assert.Equal([("yes", "YesNo"), ("Bus", null)], task.Eval.Select(sample => (sample.Answer, sample.Scorer)));
    }

    [Fact]
    public void MmmuShowsEachPictureWhereTheQuestionPointsAtIt()
    {
        var schema = new ParquetSchema(
            [new DataField<string>("id"), new DataField<string>("question"), new DataField<string>("options"), new DataField<string>("answer"), new DataField<string>("question_type"), .. Enumerable.Range(1, 7).Select(number => Published.PictureField($"image_{number}"))]);
        Dictionary<string, object?> Row(string id, string question, string options, string answer, int pictures)
        {
            var row = new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = id, ["question"] = question, ["options"] = options, ["answer"] = answer, ["question_type"] = options == "[]" ? "open" : "multiple-choice" };
            foreach (var number in Enumerable.Range(1, 7))
                row[$"image_{number}"] = number <= pictures ? Published.PictureValue() : new Dictionary<string, object?>(StringComparer.Ordinal) { ["bytes"] = null, ["path"] = null };
            return row;
        }

        _data.Parquet("Art/validation-00000-of-00001.parquet", schema,
            Row("validation_Art_1", "What is <image 2> beside <image 1>?", """['It\'s <image 1>', "two 'b'"]""", "B", 2),
            Row("validation_Art_2", "How much?", "[]", "2.5", 1));
        _data.Parquet("Math/validation-00000-of-00001.parquet", schema, Row("validation_Math_1", "Name <image 1>", "[]", "['Ellipse', 'an ellipse']", 1));
        var (task, _) = Import("mmmu");
        Assert.True(task.Definition.EvaluationOnly);
        var sample = task.Eval[0];
        Assert.Equal("What is <image> beside <image>?\nA. It's <image>\nB. two 'b'\nAnswer with the letter of the right option.", sample.Messages[0].Content);
        Assert.Equal(["images/validation_Art_1-2.png", "images/validation_Art_1-1.png", "images/validation_Art_1-1.png"], sample.Images);
        Assert.Equal([null, "Latex", "Pattern"], task.Eval.Select(each => each.Scorer));
        Assert.Equal(["images/validation_Art_2-1.png"], task.Eval[1].Images);
        Assert.Equal((1, 1), (task.Scorer.Score(task.Eval[1], "5/2"), task.Scorer.Score(task.Eval[2], "An ellipse")));
    }

    [Fact]
    public void MmluProHasUpToTenOptions()
    {
        var schema = new ParquetSchema(new DataField<long>("question_id"), new DataField<string>("question"), new ListField("options", new DataField<string>("element")), new DataField<string>("answer"), new DataField<string>("category"));
        _data.Parquet("data/test-00000-of-00001.parquet", schema,
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["question_id"] = 70L, ["question"] = "Which?", ["options"] = Enumerable.Range(1, 10).Select(number => $"option {number}").ToList(), ["answer"] = "J", ["category"] = "law" },
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["question_id"] = 71L, ["question"] = "Which?", ["options"] = new List<string> { "a", "b", "N/A" }, ["answer"] = "B", ["category"] = "law" });
        var (task, _) = Import("mmlu-pro");
        Assert.Equal([("70", "J", 10), ("71", "B", 2)], task.Eval.Select(sample => (sample.Id, sample.Answer, sample.Choices.Count)));
        Assert.EndsWith("\nJ. option 10\nAnswer with the letter of the right option.", task.Eval[0].Messages[0].Content, StringComparison.Ordinal);
        Assert.False(task.HasImages);
    }

    [Fact]
    public void PopeReadsItsThreeFiles()
    {
        foreach (var kind in new[] { "random", "popular", "adversarial" })
            _data.Write($"output/coco/coco_pope_{kind}.json", """{"question_id": 1, "image": "COCO_val2014_000000310196.jpg", "text": "Is there a snowboard in the image?", "label": "yes"}""" + "\n" + """{"question_id": 2, "image": "COCO_val2014_000000310196.jpg", "text": "Is there a dog?", "label": "no"}""" + "\n");
        _data.Picture("val2014/COCO_val2014_000000310196.jpg");
        var (task, _) = Import("pope");
        Assert.Equal(["random-1", "random-2", "popular-1", "popular-2", "adversarial-1", "adversarial-2"], task.Eval.Select(sample => sample.Id));
        Assert.Equal("Is there a snowboard in the image?\nAnswer yes or no.", task.Eval[0].Messages[0].Content);
        Assert.Equal(["adversarial-1"], Import("pope", "--split", "adversarial", "--eval", "1", "--force").Task.Eval.Select(sample => sample.Id));
    }

    [Fact]
    public void PicturesMayBeLinkedTo()
    {
        WritePope();
        var (copied, _) = Import("pope", "--split", "random");
        var (linked, _) = Import("pope", "--split", "random", "--force", "--link");
        var picture = Path.Combine(_data.Task, linked.Eval[0].Images[0]);
        Assert.Equal(Path.Combine(_data.Source, "val2014/a.jpg"), new FileInfo(picture).LinkTarget);
        Assert.Equal(copied.Digest, linked.Digest);
    }

    [Fact]
    public void ATakenDirectoryIsLeftAsItIs()
    {
        WritePope();
        Import("pope", "--split", "random");
        var (code, _, error) = Run("pope", "--split", "random");
        Assert.Equal((1, $"error: {_data.Task} exists and is not empty; give another --output, or --force to replace the task in it\n"), (code, error));
    }

    [Fact]
    public void AMissingFileIsNamedWithTheWholeLayout()
    {
        Directory.CreateDirectory(_data.Source);
        foreach (var dataset in Dataset.All)
        {
            var (code, _, error) = Run(dataset.Name);
            Assert.True(code == ExitCodes.InputNotFound, $"{dataset.Name}: {code} {error}");
            Assert.Contains($" does not exist in {_data.Source}; expected {dataset.Layout}", error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_data.Task));
        }

        Directory.Delete(_data.Source);
        Assert.Contains($"--source {_data.Source} does not exist; expected coco_pope_random.json", Run("pope").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"question_id": 1, "image": "a.jpg", "text": "?", "label": "maybe"}""", "coco_pope_random.json:1: answer: 'maybe' must be yes or no (scorer YesNo)")]
    [InlineData("""{"question_id": 1, "image": "a.jpg", "label": "no"}""", "coco_pope_random.json:1: text: missing; expected a text; fields here are question_id, image, label")]
    [InlineData("""{"question_id": 1, "image": "b.jpg", "text": "?", "label": "no"}""", "coco_pope_random.json:1: image: the picture val2014/b.jpg nor images/b.jpg does not exist in ")]
    [InlineData("""{"question_id": 1, "image": "../a.jpg", "text": "?", "label": "no"}""", "coco_pope_random.json:1: image: must name a picture inside the source's directory")]
    [InlineData("\n[1]", "coco_pope_random.json:2: must be an object")]
    [InlineData("{", "coco_pope_random.json:1: not valid JSON: ")]
    public void AWrongLineIsNamedWithItsField(string line, string expected)
    {
        _data.Write("coco_pope_random.json", line);
        _data.Picture("val2014/a.jpg");
        var (code, _, error) = Run("pope", "--split", "random");
        Assert.Equal(ExitCodes.BadData, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_data.Task));
    }

    [Theory]
    [InlineData("textvqa", "TextVQA_0.5.1_train.json", "[]", "TextVQA_0.5.1_train.json: data: missing; expected {\"data\": [{…}, …]}")]
    [InlineData("textvqa", "TextVQA_0.5.1_train.json", """{"data": 1}""", "TextVQA_0.5.1_train.json: data: must be a list")]
    [InlineData("textvqa", "TextVQA_0.5.1_train.json", """{"data": []}""", ": the split train has no entry; expected TextVQA_0.5.1_SPLIT.json")]
    [InlineData("textvqa", "TextVQA_0.5.1_train.json", """{"data": [{"image_id": "a", "answers": "x"}]}""", "TextVQA_0.5.1_train.json: data[0]: answers: must be a list")]
    [InlineData("textvqa", "TextVQA_0.5.1_train.json", """{"data": [{"image_id": "a", "answers": ["x", {}]}]}""", "TextVQA_0.5.1_train.json: data[0]: answers[1]: must be a text")]
    [InlineData("textvqa", "TextVQA_0.5.1_train.json", """{"data": [{"image_id": "a" """, "TextVQA_0.5.1_train.json: not valid JSON: ")]
    [InlineData("scienceqa", "problems.json", """{"7": {"split": "train", "image": "image.png", "choices": ["a", "b"], "answer": 2}}""", "problems.json: \"7\": answer: 2 is no index of the 2 choices")]
    [InlineData("scienceqa", "problems.json", """{"7": {"split": "train", "image": "image.png", "choices": ["a", "b"], "answer": "b"}}""", "problems.json: \"7\": answer: must be a whole number")]
    [InlineData("vizwiz", "train.json", """[{"image": "a.jpg", "question": "?", "answers": ["x"]}]""", "train.json: [0]: answers[0]: must be an object")]
    [InlineData("superclevr", "superCLEVR_questions_30k.json", """{"questions": [{"question": "?", "answer": 1, "image_filename": "a.png"}]}""", "superCLEVR_questions_30k.json: questions[0]: image_filename: 'a.png' has no number, which says the split")]
    [InlineData("geometry3k", "train/0/data.json", """{"choices": ["a"], "answer": "B"}""", "train/0/data.json: answer: 'B' is no letter of the 1 choices")]
    [InlineData("mmlu-pro", "data/test-0.parquet", "PAR", "data/test-0.parquet: cannot be read as Parquet: ")]
    public void AWrongEntryIsNamedWithItsField(string name, string file, string content, string expected)
    {
        _data.Write(file, content);
        var (code, _, error) = Run(name);
        Assert.Equal(ExitCodes.BadData, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_data.Task));
    }

    [Theory]
    [InlineData("gqa", "test", "error: gqa has no split 'test' with answers; it has train, val, testdev\n")]
    [InlineData("gqa", "train", "error: --split train is the split that is learned from as well; what is scored must not be trained on\n")]
    public void AWrongSplitIsRefused(string name, string split, string expected) => Assert.Equal((ExitCodes.BadData, expected), (Run(name, "--split", split).Code, Run(name, "--split", split).Error));

    [Fact]
    public void EntriesLargerThanTheBufferAreReadWhole()
    {
        var text = string.Concat(Enumerable.Repeat("long é ", 40_000));
        _data.Write("big.json", $$"""{"skipped": {"a": "{{text}}"}, "data": [{{string.Join(", ", Enumerable.Range(0, 30).Select(number => $$"""{"n": {{number}}, "text": "{{text}}"}"""))}}]}""");
        var entries = JsonEntries.Of(Path.Combine(_data.Source, "big.json"), "data").Select(pair => pair.Entry).ToList();
        Assert.Equal(Enumerable.Range(0, 30), entries.Select(entry => entry.Whole("n")));
        Assert.All(entries, entry => Assert.Equal(text, entry.Text("text")));
    }

    private void WritePope()
    {
        _data.Write("coco_pope_random.json", """{"question_id": 1, "image": "a.jpg", "text": "Is there a dog?", "label": "no"}""");
        _data.Picture("val2014/a.jpg");
    }

    private (TaskData Task, string Output) Import(string name, params string[] more)
    {
        var (code, output, error) = Run(name, more);
        Assert.True(code == 0, error);
        return (TaskLoader.LoadDirectory(_data.Task), output);
    }

    private (int Code, string Output, string Error) Run(string name, params string[] more)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = TaskCommand.Create().Parse(["import", name, "--source", _data.Source, "--output", _data.Task, .. more]).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}

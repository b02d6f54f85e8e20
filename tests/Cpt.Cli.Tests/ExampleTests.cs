using System.Globalization;
using System.Text;
using Cpt.Api;
using Cpt.Tasks;

namespace Cpt.Cli.Tests;

/// <summary>Every manifest under examples/ is valid as it stands, and its tasks fit the lengths it names.</summary>
public sealed class ExampleTests
{
    /// <summary>Those of a study, wherever they stand.</summary>
    public static TheoryData<string> Studies => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "examples", "study"), "*.yaml", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Path.Combine(Repository.Root, "examples"), path))];

    public static TheoryData<string> Examples => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "examples"), "*.yaml").Select(path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void AnExampleIsAValidRun(string file)
    {
        var run = Read(file);
        Assert.Equal(Path.GetFileNameWithoutExtension(file), run.Metadata.Name);
        Assert.Empty(RunValidator.Validate(run));
        Assert.Empty(RunValidator.Validate(RunDefaults.Apply(run)));
    }

    [Theory]
    [MemberData(nameof(Studies))]
    public void AnExampleOfAStudyIsValidAndSoIsEveryRunOfIt(string file)
    {
        var study = ManifestReader.ReadStudy(File.ReadAllText(Path.Combine(Repository.Root, "examples", file)), file);
        Assert.Equal(Path.GetFileNameWithoutExtension(file), study.Metadata.Name);
        var runs = StudyValidator.Expand(study, out var errors);
        Assert.Empty(errors);
        Assert.Equal(study.Spec.Variants.Count * study.Spec.Seeds.Count, runs.Count);
        Assert.All(runs, run => Assert.Empty(RunValidator.Validate(RunDefaults.Apply(run.Run))));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void TheTasksOfAnExampleExistAndFitItsLengths(string file)
    {
        var spec = RunDefaults.Apply(Read(file)).Spec;
        foreach (var stage in spec.Stages)
        {
            foreach (var column in TaskColumns.Of(stage))
                AssertSamplesFit(TaskLoader.Load(column.Uri).WithScorer(column.Scorer?.ToString()), stage, spec);
        }

        foreach (var benchmark in spec.Evaluation!.Benchmarks!)
            AssertAnswersFit(TaskLoader.Load(benchmark.Uri), spec.Evaluation.MaxResponseTokens!.Value);
    }

    private static void AssertSamplesFit(TaskData task, RunStage stage, ContinualRunSpec spec)
    {
        var longest = task.Train.Concat(task.Eval).Max(sample => Bytes(string.Concat(sample.Messages.Select(message => message.Content))) + Bytes(sample.Answer) + 1);
        Assert.InRange(longest, 1, int.Parse(stage.Parameters!["maxSequenceTokens"], CultureInfo.InvariantCulture));
        AssertAnswersFit(task, stage.Rft?.MaxResponseTokens ?? int.MaxValue);
        AssertAnswersFit(task, spec.Evaluation!.MaxResponseTokens!.Value);
    }

    [Fact]
    public void TheTwoQuickstartsDifferOnlyInHowStagesLearn()
    {
        var (rft, sft) = (Read("quickstart.yaml"), Read("quickstart-sft.yaml"));
        Assert.Equal(rft.Spec.Stages.Select(stage => (stage.Name, stage.Task!.Uri)), sft.Spec.Stages.Select(stage => (stage.Name, stage.Task!.Uri)));
        Assert.Equal(
            ManifestReader.Write(rft with { Spec = rft.Spec with { Stages = [] } }),
            ManifestReader.Write(sft with { Metadata = rft.Metadata, Spec = sft.Spec with { Stages = [] } }));
        Assert.All(rft.Spec.Stages, stage => Assert.Equal(Method.RFT, stage.Method));
        Assert.All(sft.Spec.Stages, stage => Assert.Equal(Method.SFT, stage.Method));
    }

    // The bundled model's tokenizer has one token for each byte; one more ends the answer.
    private static void AssertAnswersFit(TaskData task, int tokens) =>
        Assert.InRange(task.Eval.Max(sample => Bytes(sample.Answer)) + 1, 1, tokens);

    private static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);

    private static ContinualRun Read(string file) => ManifestReader.Read(File.ReadAllText(Path.Combine(Repository.Root, "examples", file)), file);
}

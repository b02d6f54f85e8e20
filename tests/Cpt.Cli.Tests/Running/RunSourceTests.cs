using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Tests.Running;

public sealed class RunSourceTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cpt source ").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void RelativeFileUrisAreRelativeToTheManifestAndSurviveSpaces()
    {
        var run = RunSource.Load(Manifest("file://./base model", "file://../elsewhere")).Run;
        Assert.Equal(Path.Combine(_root, "base model"), Uri.UnescapeDataString(run.Spec.BaseModel.Uri["file://".Length..]));
        Assert.Equal(Path.Combine(Path.GetDirectoryName(_root)!, "elsewhere"), Uri.UnescapeDataString(run.Spec.Storage.Uri["file://".Length..]));
    }

    [Fact]
    public void OtherUrisStayAsTheyAre()
    {
        var run = RunSource.Load(Manifest("bundled://models/digits-base", "pvc://claim/path")).Run;
        Assert.Equal(("bundled://models/digits-base", "pvc://claim/path"), (run.Spec.BaseModel.Uri, run.Spec.Storage.Uri));
    }

    [Fact]
    public void TheSeedOfTheCommandLineTakesTheManifestsPlace() =>
        Assert.Equal(7, RunSource.Load(Manifest("bundled://models/digits-base", "pvc://claim/path"), seed: 7).Run.Spec.Seed);

    [Fact]
    public void EveryMistakeIsToldWithItsPlace()
    {
        var path = Manifest("http://example.org/model", "pvc://claim/path", "colour: blue");
        var error = Assert.Throws<CliException>(() => RunSource.Load(path));
        Assert.Equal(ExitCodes.BadSpec, error.ExitCode);
        Assert.Matches(@"run\.yaml:\d+:\d+: spec\.baseModel\.uri: ", error.Message);
        Assert.Matches(@"run\.yaml:\d+:\d+: spec\.colour: ", error.Message);
    }

    [Fact]
    public void AStoredRunReadsBackAsItWasUnderstood()
    {
        var work = new WorkDirectory(Path.Combine(_root, "work"));
        var given = RunSource.Load(Manifest("file://./base", "pvc://claim/path"), seed: 5);
        given.Store(work);
        var stored = RunSource.Stored(work)!;
        Assert.Equal((given.Run.Spec.BaseModel.Uri, 5L, given.Text), (stored.Run.Spec.BaseModel.Uri, stored.Run.Spec.Seed, stored.Text));
        Assert.Null(RunSource.Stored(new WorkDirectory(Path.Combine(_root, "nothing"))));
    }

    private string Manifest(string model, string storage, string more = "")
    {
        var path = Path.Combine(_root, "run.yaml");
        File.WriteAllText(path, $$"""
            apiVersion: cpt.dev/v1alpha1
            kind: ContinualRun
            metadata: {name: demo}
            spec:
              baseModel: {uri: "{{model}}"}
              storage: {uri: "{{storage}}"}
              stages:
              - name: one
                method: SFT
                task: {uri: "generated://digits/parity"}
              {{more}}
            """);
        return path;
    }
}

using Cpt.Contract;
using Cpt.Storage;
using Cpt.Tasks;

namespace Cpt.Images.Tests;

/// <summary>The CPU trainer's image, training for real as a restricted pod starts it: a user that /etc/passwd does not know, no HOME, nothing to write to but volumes, /work and /tmp.</summary>
[Trait("Category", "Images")]
public sealed class TrainerImageTests(BuiltImages images) : IDisposable
{
    private static readonly string[] s_anyUser = ["--user", "1000670000"];

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task AStageCommitsInTheImageWhatItCommitsOutsideDigestForDigest()
    {
        var inside = await TrainInImageAsync(await Stages.DigitsAsync("/volumes/storage", _scratch));
        var outside = await TrainHereAsync(await Stages.DigitsAsync(_scratch["volumes/here"], _scratch));
        Assert.Equal(outside.ModelDigest, inside.ModelDigest);
        Assert.Equal(Names(outside), Names(inside));
        Assert.Equal((6, outside.TrainerVersion.Split('+')[0]), (inside.Step, inside.TrainerVersion.Split('+')[0]));

        // The curves name wall-clock times; all else is the same bytes.
        static IEnumerable<(string, string)> Names(CheckpointManifest manifest) => manifest.Files.Where(file => file.Role == FileRole.Model).Select(file => (file.Path, file.Digest)).Order();
    }

    [Fact]
    public async Task AStageWithPictureFilesDecodesThemInTheImageAsOutside()
    {
        var task = _scratch["volumes/read"];
        TaskWriter.Write(task, TaskLoader.Load("generated://numerals/read?seed=1&train=24&eval=4"));
        Assert.NotEmpty(Directory.EnumerateFiles(task, "*.png", SearchOption.AllDirectories));

        var inside = await TrainInImageAsync(await Stages.PicturesAsync("/volumes/storage", _scratch, "/volumes/read"));
        // The same task at another path: a stage is named by its task's URI, its weights are not.
        var outside = await TrainHereAsync(await Stages.PicturesAsync(_scratch["volumes/here"], _scratch, task));
        Assert.Equal(outside.ModelDigest, inside.ModelDigest);
    }

    [Fact]
    public async Task AStageFileThatIsNotThereIsNamed()
    {
        var image = await images.GetAsync("trainer-cpu");
        var nothing = await image.RunAsync(s_anyUser, "--stage", "/cpt/stage.json");
        Assert.Equal(ExitCodes.InputNotFound, nothing.ExitCode);
        Assert.Contains("/cpt/stage.json", nothing.Output + nothing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VersionAndHelpNeedNoVolume()
    {
        var image = await images.GetAsync("trainer-cpu");
        var version = await image.RunAsync(s_anyUser, "--version");
        Assert.Equal((ExitCodes.Done, ""), (version.ExitCode, version.Errors));
        Assert.StartsWith("cpt-trainer ", version.Output, StringComparison.Ordinal);
        Assert.Contains("--termination-log FILE", (await image.RunAsync(s_anyUser, "--help")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfDebiansLibtorchOnlyWhatIsCalledIsThere()
    {
        var image = await images.GetAsync("trainer-cpu");
        Assert.Contains(image.Files.Keys, path => path.EndsWith("/libtorch_cpu.so.1.13", StringComparison.Ordinal));
        Assert.Contains(image.Files.Keys, path => path.EndsWith("/openblas-openmp/libopenblas.so.0", StringComparison.Ordinal));
        Assert.DoesNotContain(image.Files.Values, file => file.Name.StartsWith("libQt5", StringComparison.Ordinal) || file.Name.StartsWith("libopencv", StringComparison.Ordinal)
            || file.Name.StartsWith("libavcodec", StringComparison.Ordinal) || file.Name.StartsWith("libgdal", StringComparison.Ordinal));
    }

    private async Task<CheckpointManifest> TrainInImageAsync(StageSpec spec)
    {
        var image = await images.GetAsync("trainer-cpu");
        Stages.Write(spec, Path.Combine(_scratch.Open("contract"), "stage.json"));
        _scratch.Open("volumes");
        var ended = await image.RunAsync(
            [.. s_anyUser, "--volume", _scratch["contract"] + ":/cpt:ro", "--volume", _scratch["volumes"] + ":/volumes", "--env", "CPT_THREADS=1"],
            "--stage", "/cpt/stage.json", "--work", "/work", "--log", "json");
        Assert.True(ended.ExitCode == ExitCodes.Done, ended.ToString());
        return await ManifestAsync("file://" + _scratch["volumes/storage"], spec);
    }

    private static async Task<CheckpointManifest> TrainHereAsync(StageSpec spec)
    {
        Assert.SkipUnless(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CPT_TORCH_HOME")), "CPT_TORCH_HOME is set: the trainer outside the image has another libtorch and rounds differently");
        using var scratch = new Scratch();
        Stages.Write(spec, scratch["stage.json"]);
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var trainer = Path.Combine(Repository.Root, "artifacts", "bin", "Cpt.Trainer", configuration, "cpt-trainer");
        var ended = await Script.RunAsync(trainer, ["--stage", scratch["stage.json"], "--port", "0", "--log", "json"], new Dictionary<string, string?>(StringComparer.Ordinal) { ["CPT_THREADS"] = "1" });
        Assert.True(ended.ExitCode == ExitCodes.Done, ended.ToString());
        return await ManifestAsync(spec.StorageUri, spec);
    }

    private static async Task<CheckpointManifest> ManifestAsync(string storage, StageSpec spec) =>
        await CheckpointStore.Open(storage).ReadManifestAsync(spec.StageHash, TestContext.Current.CancellationToken) ?? throw new InvalidOperationException($"{spec.StageHash} is not committed in {storage}");
}

using Cpt.Contract;

namespace Cpt.Images.Tests;

/// <summary>
/// The CUDA trainer's image on a base that stands in for PyTorch's (torch-base.Dockerfile): it builds, its shim is linked with the base's libtorch, and it starts with no .NET in the base.
/// What a GPU computes is eng/gpu-check.sh's to see.
/// </summary>
[Trait("Category", "Images")]
[Trait("Part", "Cuda")]
public sealed class TrainerCudaImageTests
{
    [Fact]
    public async Task ItIsCompiledAgainstTheLibtorchOfItsBaseAndTrainsWithIt()
    {
        BuiltImages.SkipWhereNothingCanBeBuilt();
        var standIn = await Script.RunAsync(Path.Combine(Repository.Root, "tests", "Cpt.Images.Tests", "torch-base.sh"), []);
        Assert.True(standIn.ExitCode == 0, standIn.ToString());
        var build = await Script.ImagesAsync("build.sh", "trainer-cuda", "--torch-base", "localhost/cpt-test/torch:1", "--torch", "/opt/torch");
        Assert.True(build.ExitCode == 0, build.ToString());
        var image = ImageArchive.Open(Path.Combine(Repository.Root, "artifacts", "images", "trainer-cuda.tar"));
        Assert.Equal("65532:65532", (string?)image.Configuration["config"]!["User"]);
        Assert.DoesNotContain(image.Files.Keys, path => path.StartsWith("usr/share/dotnet/", StringComparison.Ordinal));

        using var scratch = new Scratch();
        var spec = await Stages.DigitsAsync("/volumes/storage", scratch);
        Stages.Write(spec, Path.Combine(scratch.Open("contract"), "stage.json"));
        scratch.Open("volumes");
        var ended = await image.RunAsync(
            ["--user", "1000670000", "--volume", scratch["contract"] + ":/cpt:ro", "--volume", scratch["volumes"] + ":/volumes", "--env", "CPT_THREADS=1"],
            "--stage", "/cpt/stage.json", "--work", "/work", "--log", "json");
        Assert.True(ended.ExitCode == ExitCodes.Done, ended.ToString());
        Assert.True(File.Exists(scratch[$"volumes/storage/stages/{spec.StageHash}/manifest.json"]));
    }
}

using Cpt.Cli.Tests.Support;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Storage;

namespace Cpt.Cli.Tests.Running;

/// <summary>A finished stage's model leaves storage as a directory that any reader of Hugging Face models takes.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ModelExportTests : IDisposable
{
    private readonly TinyRun _run = new(steps: 4);

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task AModelIsExportedWholeOrNotAtAll()
    {
        var early = await Export("--output", "early");
        Assert.Equal(ExitCodes.InputNotFound, early.ExitCode);
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var stages = (await _run.StatusAsync()).GetProperty("stages");

        // The last stage unless one is named; an empty directory may be filled.
        Directory.CreateDirectory(Path.Combine(_run.Root, "last"));
        foreach (var (index, name, arguments) in new (int, string, string[])[] { (2, "last", []), (0, "first", ["--stage", "parity"]) })
        {
            var exported = await Export([.. arguments, "--output", name + "/"]);
            Assert.True(exported.ExitCode == 0, exported.ToString());
            var directory = Path.Combine(_run.Root, name);
            Assert.Equal(stages[index].GetProperty("checkpointDigest").GetString(), await new InputResolver(new StorageOptions()).DigestAsync("file://" + directory, _run.Root, TestContext.Current.CancellationToken));
            using var model = CausalLM.Load(directory);
            Assert.Equal(16, model.Config.HiddenSize);
        }

        var occupied = await Export("--output", "first");
        Assert.Equal((ExitCodes.BadSpec, "--output: first is not empty, and nothing is overwritten; name a directory that does not exist yet\n"), (occupied.ExitCode, occupied.Error));
        var unknown = await Export("--stage", "parit", "--output", "other");
        Assert.Equal((ExitCodes.BadSpec, "--stage: there is no stage parit in run tiny; its stages are parity, half, residue\n"), (unknown.ExitCode, unknown.Error));

        // The storage alone is enough: it knows the run's stages.
        var storage = "file://" + Path.Combine(_run.Work, "volumes", "checkpoints", "tiny");
        var stored = await CptProcess.RunAsync(_run.Root, ["model", "export", "--storage", storage, "--run", "default/tiny", "--stage", "half", "--output", "stored"]);
        Assert.True(stored.ExitCode == 0, stored.ToString());
        Assert.Equal(stages[1].GetProperty("checkpointDigest").GetString(), await new InputResolver(new StorageOptions()).DigestAsync("file://" + Path.Combine(_run.Root, "stored"), _run.Root, TestContext.Current.CancellationToken));
        var nobody = await CptProcess.RunAsync(_run.Root, ["model", "export", "--storage", storage, "--run", "nobody", "--output", "other"]);
        Assert.Equal(ExitCodes.InputNotFound, nobody.ExitCode);
        Assert.Contains("knows no run default/nobody with a finished stage", nobody.Error, StringComparison.Ordinal);
        var alone = await CptProcess.RunAsync(_run.Root, ["model", "export", "--storage", storage, "--output", "other"]);
        Assert.Equal(ExitCodes.BadSpec, alone.ExitCode);
        Assert.Contains("--storage and --run belong together", alone.Error, StringComparison.Ordinal);

        foreach (var blob in Directory.EnumerateFiles(Path.Combine(_run.Work, "volumes", "checkpoints", "tiny", "blobs", "sha256")))
        {
            File.SetUnixFileMode(blob, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.AppendAllTextAsync(blob, "x");
        }

        var damaged = await Export("--output", "other");
        Assert.True(damaged.ExitCode == ExitCodes.BadData, damaged.ToString());
        Assert.Contains("was changed or damaged", damaged.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_run.Root), path => Path.GetFileName(path).Contains("other", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheLoraOfAStageIsExportedAsPeftWritesIt()
    {
        _run.Edit("- name: residue\n", "- name: residue\n    lora: {rank: 2}\n");
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var exported = await Export("--adapter", "--output", "lora");
        Assert.True(exported.ExitCode == 0, exported.ToString());
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"], Directory.EnumerateFiles(Path.Combine(_run.Root, "lora")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        // Added to the model that the stage started from it is the model that the stage committed.
        Assert.Equal(0, (await Export("--stage", "half", "--output", "before")).ExitCode);
        Assert.Equal(0, (await Export("--output", "after")).ExitCode);
        var merged = await CptProcess.RunAsync(_run.Root, "model", "merge", "--model", "before", "--adapter", "lora", "--output", "merged");
        Assert.True(merged.ExitCode == 0, merged.ToString());
        Assert.Equal(File.ReadAllBytes(Path.Combine(_run.Root, "after", "model.safetensors")), File.ReadAllBytes(Path.Combine(_run.Root, "merged", "model.safetensors")));

        var none = await Export("--stage", "half", "--adapter", "--output", "none");
        Assert.Equal((ExitCodes.BadSpec, "--adapter: stage half trained the weights themselves, so there is no LoRA to export; stages with lora in the manifest have one\n"), (none.ExitCode, none.Error));
    }

    private Task<CptResult> Export(params string[] arguments) => CptProcess.RunAsync(_run.Root, ["model", "export", "--workdir", _run.Work, .. arguments]);
}

using Cpt.Cli.Commands;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Cli.Tests;

public sealed class ModelMergeTests : IDisposable
{
    private static readonly string s_golden = Path.Combine(Repository.Root, "tests", "data", "golden");

    private readonly string _root = Directory.CreateTempSubdirectory("cpt-merge-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("qwen2", "float32")]
    [InlineData("qwen2_bf16_shards", "bfloat16")]
    [InlineData("qwen2_5_vl", "float32")]
    public void TheMergedModelIsItsBaseWithTheAdapterAddedIn(string golden, string type)
    {
        var (model, adapter, merged) = (Path.Combine(s_golden, golden), Path.Combine(_root, "adapter"), Path.Combine(_root, "merged"));
        Adapter(model, adapter);
        var (code, output, error) = Run("merge", "--model", model, "--adapter", adapter, "--output", merged);
        Assert.True(code == 0, error);
        Assert.Matches($@"merged: \d+ layers changed, weights in {type}\n", output);

        using var scope = torch.NewDisposeScope();
        using var before = CausalLM.Load(model);
        using var after = CausalLM.Load(merged);
        using var beside = CausalLM.Load(model);
        beside.Attach(LoraFiles.Load(beside, adapter));
        var changes = beside.Adapter!.Layers().ToDictionary(layer => layer.Layer + ".weight", layer => layer.B.matmul(layer.A) * 2, StringComparer.Ordinal);
        foreach (var ((name, old), (_, found)) in before.NamedTensors().Zip(after.NamedTensors()))
        {
            var hub = name.Replace("model.language_model.", "model.", StringComparison.Ordinal).Replace("model.visual.", "visual.", StringComparison.Ordinal);
            var expected = changes.Remove(hub, out var change) ? (old.to(ScalarType.Float32) + change).to(old.dtype) : old;
            Assert.True((expected.to(ScalarType.Float32) - found.to(ScalarType.Float32)).abs().max().item<double>() <= 1e-6, name);
        }

        Assert.Empty(changes);
        Assert.Equal(
            Directory.EnumerateFiles(model, "model*.safetensors").Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(merged, "model*.safetensors").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AnotherTypeMayBeAskedFor()
    {
        var (model, adapter) = (Path.Combine(s_golden, "qwen2_bf16_shards"), Path.Combine(_root, "adapter"));
        Adapter(model, adapter);
        Assert.Equal(0, Run("merge", "--model", model, "--adapter", adapter, "--output", Path.Combine(_root, "wide"), "--dtype", "float32").Code);
        using var wide = CausalLM.Load(Path.Combine(_root, "wide"));
        Assert.Equal(ScalarType.Float32, wide.dtype);
    }

    [Fact]
    public void NothingIsOverwrittenAndNoHalfModelIsLeft()
    {
        var (model, adapter, merged) = (Path.Combine(s_golden, "qwen2"), Path.Combine(_root, "adapter"), Path.Combine(_root, "merged"));
        Adapter(model, adapter);
        Directory.CreateDirectory(merged);
        File.WriteAllText(Path.Combine(merged, "mine"), "");
        var occupied = Run("merge", "--model", model, "--adapter", adapter, "--output", merged);
        Assert.Equal(64, occupied.Code);
        Assert.Contains("is not empty, and nothing is overwritten", occupied.Error, StringComparison.Ordinal);

        var other = Run("merge", "--model", Path.Combine(s_golden, "qwen3"), "--adapter", adapter, "--output", Path.Combine(_root, "other"));
        Assert.Equal(65, other.Code);
        Assert.Contains("adapter_model.safetensors", other.Error, StringComparison.Ordinal);
        Assert.Equal(66, Run("merge", "--model", model, "--adapter", Path.Combine(_root, "nowhere"), "--output", Path.Combine(_root, "other")).Code);
        Assert.Equal(["adapter", "merged"], Directory.EnumerateFileSystemEntries(_root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static void Adapter(string model, string directory)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        using var loaded = CausalLM.Load(model);
        using var adapter = LoraAdapter.Create(loaded, new LoraOptions { Rank = 2, Alpha = 4 }, seed: 5);
        using var noise = new Generator(6);
        foreach (var (_, _, b) in adapter.Layers())
        {
            b.copy_(torch.randn(b.shape, noise) * 0.1);
        }

        LoraFiles.Save(adapter, directory);
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = ModelCommand.Create().Parse(arguments).Invoke(new() { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}

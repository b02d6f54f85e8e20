using Cpt.Torch;

namespace Cpt.Models.Tests;

public sealed class CausalLMFilesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void SavingWhatWasLoadedGivesTheSameBytes()
    {
        using (var model = CausalLM.Load(Golden.Path("qwen2")))
        {
            model.Save(_scratch.Root);
        }

        Assert.Equal(File.ReadAllBytes(Golden.Path("qwen2", "model.safetensors")), File.ReadAllBytes(_scratch["model.safetensors"]));
        Assert.Equal(File.ReadAllBytes(Golden.Path("qwen2", "config.json")), File.ReadAllBytes(_scratch["config.json"]));
    }

    [Fact]
    public void ShardsOfBFloat16SurviveTwoRoundTripsByteForByte()
    {
        using (var model = CausalLM.Load(Golden.Path("qwen2_bf16_shards")))
        {
            Assert.Equal(ScalarType.BFloat16, model.dtype);
            model.Save(_scratch["a"], shardBytes: 100_000);
        }

        using (var again = CausalLM.Load(_scratch["a"]))
        {
            again.Save(_scratch["b"], shardBytes: 100_000);
        }

        var names = Directory.EnumerateFiles(_scratch["a"]).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).ToList();
        Assert.True(names.Count(name => name.EndsWith(".safetensors", StringComparison.Ordinal)) > 2);
        Assert.Contains("model.safetensors.index.json", names);
        Assert.Contains("generation_config.json", names);
        Assert.Equal(names, Directory.EnumerateFiles(_scratch["b"]).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        foreach (var name in names)
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_scratch["a"], name)), File.ReadAllBytes(Path.Combine(_scratch["b"], name)));
        }
    }

    [Fact]
    public void EveryStoredTensorSurvivesSharding()
    {
        using var model = CausalLM.Load(Golden.Path("qwen2_bf16_shards"));
        model.Save(_scratch.Root);
        using var before = WeightFiles.Open(Golden.Path("qwen2_bf16_shards"));
        using var after = WeightFiles.Open(_scratch.Root);
        Assert.Equal(before.Names.Order(StringComparer.Ordinal), after.Names.Order(StringComparer.Ordinal));
        foreach (var name in before.Names)
        {
            var (a, b) = (before.Find(name), after.Find(name));
            Assert.True(a.File.Bytes(a.Tensor).SequenceEqual(b.File.Bytes(b.Tensor)), name);
        }
    }

    [Fact]
    public void SavingReplacesTheWeightsOfAnEarlierSaveAndNothingElse()
    {
        using var model = CausalLM.Load(Golden.Path("qwen2_bf16_shards"));
        model.Save(_scratch.Root, shardBytes: 100_000);
        File.WriteAllText(_scratch["model-notes.safetensors.txt"], "mine");
        model.Save(_scratch.Root, shardBytes: CausalLM.DefaultShardBytes);
        Assert.Equal(["model.safetensors"], Directory.EnumerateFiles(_scratch.Root, "*.safetensors").Select(Path.GetFileName));
        Assert.False(File.Exists(_scratch["model.safetensors.index.json"]));
        Assert.True(File.Exists(_scratch["model-notes.safetensors.txt"]));
    }

    /// <summary>So that a shard without a changed weight is the file that it was.</summary>
    [Fact]
    public void WeightsOfShardsAreWrittenInTheSameShards()
    {
        using var model = CausalLM.Load(Golden.Path("qwen2_bf16_shards"));
        model.Save(_scratch.Root);
        using var before = WeightFiles.Open(Golden.Path("qwen2_bf16_shards"));
        using var after = WeightFiles.Open(_scratch.Root);
        Assert.True(before.Files.Count > 1);
        Assert.All(before.Names, name => Assert.Equal(before.Files.Select(file => file.Path).Order(StringComparer.Ordinal).ToList().IndexOf(before.Find(name).File.Path), after.Files.Select(file => file.Path).Order(StringComparer.Ordinal).ToList().IndexOf(after.Find(name).File.Path)));
    }

    [Fact]
    public void WideningTheWeightsIsWrittenToConfig()
    {
        using (var model = CausalLM.Load(Golden.Path("qwen2_bf16_shards"), ScalarType.Float32))
        {
            model.Save(_scratch.Root);
        }

        Assert.Equal("float32", ModelConfig.Load(_scratch.Root).DType);
        using var again = CausalLM.Load(_scratch.Root);
        Assert.Equal(ScalarType.Float32, again.dtype);
        again.Save(_scratch["narrow"], ScalarType.BFloat16);
        using var original = WeightFiles.Open(Golden.Path("qwen2_bf16_shards"));
        using var narrow = WeightFiles.Open(_scratch["narrow"]);
        var (a, b) = (original.Find("model.norm.weight"), narrow.Find("model.norm.weight"));
        Assert.True(a.File.Bytes(a.Tensor).SequenceEqual(b.File.Bytes(b.Tensor)));
    }

    [Fact]
    public void ANewModelHangsOnItsSeedAlone()
    {
        using (var model = Small.Model(7))
        {
            model.Companions = ByteTokenizer.Files();
            model.Save(_scratch["a"]);
        }

        using (var same = Small.Model(7))
        {
            same.Save(_scratch["b"]);
        }

        using var other = Small.Model(8);
        other.Save(_scratch["c"]);
        var weights = File.ReadAllBytes(Path.Combine(_scratch["a"], "model.safetensors"));
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(_scratch["b"], "model.safetensors")));
        Assert.NotEqual(weights, File.ReadAllBytes(Path.Combine(_scratch["c"], "model.safetensors")));
        Assert.Equal(256, Tokenizer.Load(_scratch["a"]).EosTokenId);
        Assert.Equal(Small.Config.ParameterCount, other.Parameters.Sum(parameter => parameter.Value.numel()));
    }

    [Fact]
    public void ATruncatedWeightFileIsRefused()
    {
        using var copy = ScratchDirectory.CopyOf(Golden.Path("qwen2"));
        var bytes = File.ReadAllBytes(copy["model.safetensors"]);
        File.WriteAllBytes(copy["model.safetensors"], bytes[..^1000]);
        Assert.Contains("the file is cut off", Refusal(copy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"hidden_size\": 64", "\"hidden_size\": 32", "tensor 'model.embed_tokens.weight' has shape [320, 64]; expected [320, 32] by config.json")]
    [InlineData("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4", "tensor 'model.layers.3.input_layernorm.weight' is missing; config.json asks for it")]
    [InlineData("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2", "tensor 'model.layers.2.input_layernorm.weight' is not part of the qwen2 model that config.json describes")]
    public void WeightsThatDoNotFitConfigAreRefused(string field, string change, string expected)
    {
        using var copy = ScratchDirectory.CopyOf(Golden.Path("qwen2"));
        File.WriteAllText(copy["config.json"], File.ReadAllText(copy["config.json"]).Replace(field, change, StringComparison.Ordinal));
        Assert.Contains(expected, Refusal(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void IntegersAreNoWeights()
    {
        using var copy = ScratchDirectory.CopyOf(Golden.Path("qwen2"));
        using (var file = SafetensorsFile.Open(Golden.Path("qwen2", "model.safetensors")))
        {
            SafetensorsWriter.Write(copy["model.safetensors"], file.Tensors.Select(tensor => new SafetensorsWriter.Entry(
                tensor.Name, tensor.Name == "model.norm.weight" ? SafetensorsDType.I32 : tensor.DType, tensor.Shape, stream => stream.Write(file.Bytes(tensor)))));
        }

        Assert.Contains("tensor 'model.norm.weight' is I32; expected weights of F32, BF16, F16 or F64", Refusal(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsMissingIsNamed()
    {
        Assert.Contains("no such directory", Assert.Throws<DirectoryNotFoundException>(() => CausalLM.Load(_scratch["none"])).Message, StringComparison.Ordinal);
        Assert.Contains("a model directory needs config.json", Assert.Throws<FileNotFoundException>(() => CausalLM.Load(_scratch.Root)).Message, StringComparison.Ordinal);
        File.Copy(Golden.Path("qwen2", "config.json"), _scratch["config.json"]);
        Assert.Contains("holds no weights; expected model.safetensors or model.safetensors.index.json", Assert.Throws<FileNotFoundException>(() => CausalLM.Load(_scratch.Root)).Message, StringComparison.Ordinal);
    }

    private static string Refusal(ScratchDirectory directory) => Assert.Throws<ModelFormatException>(() => CausalLM.Load(directory.Root)).Message;
}

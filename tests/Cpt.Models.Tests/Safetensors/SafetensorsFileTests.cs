using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Cpt.Models.Tests;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string, string, int> WrongHeaders => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "the header is not JSON", 8 },
        { "[1]", "the header is a JSON Array; expected an object", 8 },
        { """{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", "tensor 'a': dtype 'F33' is unknown; expected one of", 8 },
        { """{"a":{"dtype":"7","shape":[2],"data_offsets":[0,8]}}""", "tensor 'a': dtype '7' is unknown", 8 },
        { """{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "tensor 'a': shape is missing or no list of integers from 0", 8 },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "tensor 'a': data_offsets is [8, 0]; expected [begin, end]", 8 },
        { """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "tensor 'a': data_offsets hold 8 bytes; expected 12 for F32[3]", 8 },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}}""", "has more bytes than a file can hold", 8 },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor 'a' starts at byte 4 of the data; expected 0", 8 },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "tensor 'b' starts at byte 0 of the data; expected 4", 4 },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "tensor 'a' ends at byte 8 of the data, which has 5: the file is cut off", 5 },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "2 bytes follow the last tensor; expected the data to end at byte 8", 10 },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor 'a' stands twice", 8 },
        { """{"__metadata__":{"format":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "__metadata__.format is a JSON Number; expected a string", 8 },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", "the header goes on after its JSON object", 8 },
    };

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void AWrongHeaderIsRefusedWithFileTensorExpectedAndFound(string header, string expected, int dataBytes)
    {
        var path = _scratch["model.safetensors"];
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        Encoding.ASCII.GetBytes(header, bytes.AsSpan(8));
        File.WriteAllBytes(path, bytes);
        var exception = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileCutAnywhereIsRefused()
    {
        var whole = File.ReadAllBytes(Golden.Path("qwen2_bf16_shards", "model-00004-of-00004.safetensors"));
        var path = _scratch["cut.safetensors"];
        foreach (var length in (int[])[0, 5, 8, 100, 1000, whole.Length / 2, whole.Length - 1])
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        }
    }

    [Fact]
    public void AHeaderLengthFromGarbageIsRefusedWithoutAllocatingIt()
    {
        var path = _scratch["garbage.safetensors"];
        File.WriteAllBytes(path, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3, 4]);
        Assert.Contains("expected at most 100000000", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileIsNamed() => Assert.Equal(_scratch["none"], Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(_scratch["none"])).FileName);

    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        var path = _scratch["a.safetensors"];
        float[] floats = [1, 2, 3, 4, 5, 6];
        long[] longs = [7];
        SafetensorsWriter.Write(path,
        [
            new("z", SafetensorsDType.F32, [2, 3], stream => stream.Write(MemoryMarshal.AsBytes<float>(floats))),
            new("scalar", SafetensorsDType.I64, [], stream => stream.Write(MemoryMarshal.AsBytes<long>(longs))),
            new("empty", SafetensorsDType.F32, [0, 4], _ => { }),
        ]);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["scalar", "empty", "z"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(floats, file.Read<float>("z"));
        Assert.Equal(longs, file.Read<long>("scalar"));
        Assert.Equal([2L, 3L], file.Find("z").Shape);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Contains("tensor 'none' is missing", Assert.Throws<ModelFormatException>(() => file.Find("none")).Message, StringComparison.Ordinal);
        Assert.Contains("expected elements of 8 bytes", Assert.Throws<ModelFormatException>(() => file.Read<long>("z")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WritingAReferenceFileAgainGivesTheSameBytes()
    {
        var source = Golden.Path("qwen2", "model.safetensors");
        using (var file = SafetensorsFile.Open(source))
        {
            SafetensorsWriter.Write(_scratch["again.safetensors"], file.Tensors.Reverse().Select(tensor =>
                new SafetensorsWriter.Entry(tensor.Name, tensor.DType, tensor.Shape, stream => stream.Write(file.Bytes(tensor)))));
        }

        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(_scratch["again.safetensors"]));
    }

    [Fact]
    public void ShardsAreFoundThroughTheIndex()
    {
        using var weights = WeightFiles.Open(Golden.Path("qwen2_bf16_shards"));
        Assert.Equal(4, weights.Files.Count);
        Assert.Equal("BF16[64]", weights.Find("model.norm.weight").Tensor.Form);
    }

    [Fact]
    public void AMissingShardIsNamed()
    {
        using var copy = ScratchDirectory.CopyOf(Golden.Path("qwen2_bf16_shards"));
        File.Delete(copy["model-00002-of-00004.safetensors"]);
        Assert.Contains("model-00002-of-00004.safetensors: no such file; model.safetensors.index.json names it", Assert.Throws<FileNotFoundException>(() => WeightFiles.Open(copy.Root)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"lm_head.weight":"model-00004-of-00004.safetensors"}}""", "tensor 'lm_head.weight' is missing; model.safetensors.index.json places it here")]
    [InlineData("""{"weight_map":{"lm_head.weight":"../secret.safetensors"}}""", "expected the name of a file in the same directory")]
    [InlineData("""{"weights":{}}""", "weight_map is missing")]
    [InlineData("{", "is not JSON")]
    public void AWrongIndexIsRefused(string index, string expected)
    {
        using var copy = ScratchDirectory.CopyOf(Golden.Path("qwen2_bf16_shards"));
        File.WriteAllText(copy["model.safetensors.index.json"], index);
        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => WeightFiles.Open(copy.Root)).Message, StringComparison.Ordinal);
    }
}

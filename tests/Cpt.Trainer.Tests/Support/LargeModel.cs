using System.Text.Json;
using Cpt.Models;

namespace Cpt.Trainer.Tests;

/// <summary>A checkpoint of gigabytes: bfloat16 noise in shards, as a published model of 1.5 billion weights is cut.</summary>
internal static class LargeModel
{
    private const int Layers = 25, Hidden = 2048, Intermediate = 8192, Groups = 512;
    private const long ShardBytes = 700_000_000;

    /// <returns>Bytes of all weights, and of the largest shard.</returns>
    public static (long Weights, long LargestShard) Create(string directory)
    {
        Directory.CreateDirectory(directory);
        ByteTokenizer.Files().WriteTo(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), JsonSerializer.Serialize(new
        {
            model_type = "qwen2", vocab_size = 264, hidden_size = Hidden, intermediate_size = Intermediate, num_hidden_layers = Layers, num_attention_heads = 16, num_key_value_heads = 4,
            max_position_embeddings = 64, tie_word_embeddings = true, rms_norm_eps = 1e-6, rope_theta = 10000.0, torch_dtype = "bfloat16", eos_token_id = ByteTokenizer.EndOfTextId,
        }));

        var shards = new List<List<SafetensorsWriter.Entry>> { new() };
        foreach (var entry in Tensors())
        {
            if (shards[^1].Sum(known => known.Length) + entry.Length > ShardBytes)
            {
                shards.Add([]);
            }

            shards[^1].Add(entry);
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (index, shard) in shards.Index())
        {
            var name = $"model-{index + 1:00000}-of-{shards.Count:00000}.safetensors";
            SafetensorsWriter.Write(Path.Combine(directory, name), shard);
            shard.ForEach(entry => map.Add(entry.Name, name));
        }

        var sizes = shards.ConvertAll(shard => shard.Sum(entry => entry.Length));
        File.WriteAllText(Path.Combine(directory, "model.safetensors.index.json"), JsonSerializer.Serialize(new { metadata = new { total_size = sizes.Sum() }, weight_map = map }));
        return (sizes.Sum(), sizes.Max());
    }

    private static IEnumerable<SafetensorsWriter.Entry> Tensors()
    {
        yield return Noise("model.embed_tokens.weight", 264, Hidden);
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            yield return Noise(prefix + "input_layernorm.weight", Hidden);
            foreach (var (name, rows) in new[] { ("q_proj", Hidden), ("k_proj", Groups), ("v_proj", Groups) })
            {
                yield return Noise($"{prefix}self_attn.{name}.weight", rows, Hidden);
                yield return Noise($"{prefix}self_attn.{name}.bias", rows);
            }

            yield return Noise(prefix + "self_attn.o_proj.weight", Hidden, Hidden);
            yield return Noise(prefix + "post_attention_layernorm.weight", Hidden);
            yield return Noise(prefix + "mlp.gate_proj.weight", Intermediate, Hidden);
            yield return Noise(prefix + "mlp.up_proj.weight", Intermediate, Hidden);
            yield return Noise(prefix + "mlp.down_proj.weight", Hidden, Intermediate);
        }

        yield return Noise("model.norm.weight", Hidden);
    }

    /// <summary>Every tensor begins elsewhere in the same noise, so that no two are equal; drawing gigabytes would take longer than the stage.</summary>
    private static SafetensorsWriter.Entry Noise(string name, params long[] shape) => new(name, SafetensorsDType.BF16, shape, stream =>
    {
        var noise = s_noise.Value.AsSpan();
        var first = name.Sum(letter => letter) * 64 % noise.Length;
        for (var left = shape.Aggregate(2L, (product, size) => product * size); left > 0;)
        {
            var piece = noise.Slice(first, (int)Math.Min(left, noise.Length - first));
            stream.Write(piece);
            left -= piece.Length;
            first = 0;
        }
    });

    private static readonly Lazy<byte[]> s_noise = new(() =>
    {
        var block = new byte[1 << 20];
        new Random(1).NextBytes(block);
        for (var i = 1; i < block.Length; i += 2)
        {
            // Sign, and exponents of numbers between 1/128 and 1/32.
            block[i] = (byte)((block[i] & 0x80) | 0x3c);
        }

        return block;
    });
}

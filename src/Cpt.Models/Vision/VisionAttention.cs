using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>Attention of patches to each other, all ways: within their image, or within their window of it.</summary>
internal static class VisionAttention
{
    /// <param name="qkv">[patches of all images, 3·hidden].</param>
    /// <param name="config">Head counts and sizes.</param>
    /// <param name="batch">Images and windows.</param>
    /// <param name="whole">Over the whole image instead of windows.</param>
    /// <returns>[patches of all images, hidden].</returns>
    public static Tensor Forward(Tensor qkv, VisionConfig config, VisionBatch batch, bool whole)
    {
        var results = new List<Tensor>();
        var first = 0L;
        foreach (var group in batch.Groups)
        {
            long images = group.Images, patches = group.Patches;
            var parts = qkv.narrow(0, first, images * patches).view(images, patches, 3 * config.NumHeads, config.HeadDim).split(config.NumHeads, 2);
            var q = rope(parts[0], group.Cos, group.Sin); // [images, patches, heads, headDim]
            var k = rope(parts[1], group.Cos, group.Sin);
            var attended = whole ? Attend(q, k, parts[2], batch.ByLibrary) : Windows(q, k, parts[2], group, batch.ByLibrary);
            results.Add(attended.reshape(images * patches, config.HiddenSize));
            first += images * patches;
        }

        return results.Count == 1 ? results[0] : torch.cat(results.ToArray());
    }

    private static Tensor Attend(Tensor q, Tensor k, Tensor v, bool byLibrary) => byLibrary ? LibraryAttention.AllWays(q, k, v) : attention(q, k, v, causal: false);

    private static Tensor Windows(Tensor q, Tensor k, Tensor v, VisionBatch.Group group, bool byLibrary)
    {
        var results = new List<Tensor>();
        var first = 0L;
        foreach (var (windows, patches) in group.Windows)
        {
            long place = first, count = windows, size = patches;
            Tensor Cut(Tensor x) => x.narrow(1, place, count * size).reshape(group.Images * count, size, x.size(2), x.size(3)); // [images·windows, size, heads, headDim]
            results.Add(Attend(Cut(q), Cut(k), Cut(v), byLibrary).view(group.Images, count * size, q.size(2), q.size(3)));
            first += count * size;
        }

        return results.Count == 1 ? results[0] : torch.cat(results.ToArray(), 1);
    }
}

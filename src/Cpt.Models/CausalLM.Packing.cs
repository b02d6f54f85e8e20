using Cpt.Torch;

namespace Cpt.Models;

public sealed partial class CausalLM
{
    /// <summary>Hidden states of sequences that stand one after the other without padding; each sees itself alone and has positions from 0 on.</summary>
    /// <param name="inputIds">Int64 [1, N], N being the sum of the lengths.</param>
    /// <param name="lengths">Of the sequences, in order. Neighbours of equal length are computed as one batch, so sorted ones are fastest.</param>
    /// <param name="images">As in <see cref="hidden"/>; rows are sequences.</param>
    /// <returns>[N, D].</returns>
    public Tensor hidden_packed(Tensor inputIds, IReadOnlyList<int> lengths, ImageInput? images = null)
    {
        using var scope = torch.NewDisposeScope();
        var starts = new int[lengths.Count + 1];
        for (var i = 0; i < lengths.Count; i++)
        {
            starts[i + 1] = starts[i] + lengths[i];
        }

        if (inputIds.dim() != 2 || inputIds.size(0) != 1 || inputIds.size(1) != starts[^1] || lengths.Any(length => length < 1))
        {
            throw new ArgumentException($"input ids have the shape [{string.Join(", ", inputIds.shape)}]; expected [1, {starts[^1]}], the {lengths.Count} sequences one after the other", nameof(inputIds));
        }

        var groups = Groups(lengths, images);
        var batch = new SequenceBatch(1, starts[^1], groups[0].Cos, groups[0].Sin, null, null, null) { Groups = groups };
        var dropout = Adapter?.NextDropout();
        var inOneRow = images is null ? null : images with { Places = [.. images.Places.Select(place => place with { Row = 0, Column = starts[place.Row] + place.Column })] };
        return Normed(Layers(Embedded(inputIds, inOneRow, null, dropout), Prepared(batch) with { Dropout = dropout })).MoveToOuterDisposeScope();
    }

    private List<SequenceBatch> Groups(IReadOnlyList<int> lengths, ImageInput? images)
    {
        var groups = new List<SequenceBatch>();
        for (var first = 0; first < lengths.Count;)
        {
            var end = first + 1;
            while (end < lengths.Count && lengths[end] == lengths[first])
            {
                end++;
            }

            var places = images is null ? [] : images.Places.Where(place => place.Row >= first && place.Row < end).Select(place => place with { Row = place.Row - first }).ToList();
            groups.Add(places.Count == 0
                ? SequenceBatch.Causal(end - first, lengths[first], _rotary)
                : Placed(end - first, lengths[first], null, images! with { Places = places }).Batch);
            first = end;
        }

        return groups;
    }
}

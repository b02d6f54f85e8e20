using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// Learning without forgetting (Li and Hoiem 2016, arXiv:1606.09282; the temperature as in Hinton et al. 2015, arXiv:1503.02531): weight · T² · mean over answer positions of
/// KL( softmax(z_old/T) ‖ softmax(z/T) ), z_old being the logits of the stage's input on the same tokens. T² keeps the size of the gradient, T·(softmax(z/T) − softmax(z_old/T)), near that at T = 1.
/// Replayed samples have answers of their own to keep to: they do not count.
/// </summary>
internal sealed class Lwf(LwfSpec spec, ResponseLogProbs input)
{
    /// <summary>A pass's part of the term.</summary>
    /// <param name="logits">[N, V] of the model that learns, with a gradient.</param>
    /// <param name="batch">The pass.</param>
    /// <param name="sequences">Its sequences, in the batch's order.</param>
    /// <param name="total">Answer tokens of the stage's own samples in the whole batch.</param>
    /// <returns>A scalar; null where no position counts.</returns>
    public Tensor? Of(Tensor logits, TokenBatch batch, IReadOnlyList<TrainingSequence> sequences, long total)
    {
        var places = Places(sequences);
        if (places.Count == 0) return null;
        Tensor old;
        using (torch.no_grad()) old = input.Logits(batch);
        if (places.Count < batch.ResponseTokens)
        {
            var chosen = torch.tensor<long>(places.ToArray(), [places.Count]).upload(logits.device);
            (logits, old) = (logits.index_select(0, chosen), old.index_select(0, chosen));
        }

        return Kl(old, logits, spec.Temperature).sum() * (spec.Weight * spec.Temperature * spec.Temperature / total);
    }

    /// <summary>KL( softmax(old/T) ‖ softmax(new/T) ) of each position.</summary>
    /// <param name="old">[N, V] logits.</param>
    /// <param name="logits">[N, V].</param>
    /// <param name="temperature">T.</param>
    /// <returns>[N].</returns>
    public static Tensor Kl(Tensor old, Tensor logits, double temperature)
    {
        var kept = (old / temperature).log_softmax(-1);
        return (kept.exp() * (kept - (logits / temperature).log_softmax(-1))).sum(-1);
    }

    /// <summary>Answer tokens that count.</summary>
    public static long Tokens(IEnumerable<TrainingSequence> sequences) => sequences.Where(sequence => !sequence.Replayed).Sum(sequence => (long)sequence.Response.Length);

    private static List<long> Places(IReadOnlyList<TrainingSequence> sequences)
    {
        var places = new List<long>();
        var at = 0;
        foreach (var sequence in sequences)
        {
            for (var i = 0; i < sequence.Response.Length; i++, at++)
            {
                if (!sequence.Replayed) places.Add(at);
            }
        }

        return places;
    }
}

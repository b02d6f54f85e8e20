namespace Cpt.Tasks;

/// <summary>
/// The accuracy of VQA (Antol et al. 2015, arXiv:1505.00468): several people answered each question, and an answer is as right as many of them gave it. For every choice of all annotators but one it
/// earns min(1, matches among them / 3); the score is the mean over those choices. Of ten annotators one match earns 0.3, two 0.6, three 0.9, four 1. Both sides are
/// <see cref="VqaText">normalised</see>; "unanswerable" is an answer like any other.
/// </summary>
internal sealed class VqaAccuracyScorer : IScorer
{
    private const double Enough = 3;

    public double Score(Sample sample, string response)
    {
        var given = VqaText.Of(FinalAnswer.Of(response));
        var all = sample.Answers.Count;
        var matches = sample.Answers.Count(answer => VqaText.Of(answer) == given);
        if (matches == 0)
            return 0;

        // Without one that matches there are matches − 1 left, without another still all of them.
        return all == 1 ? 1 : ((matches * Math.Min(1, (matches - 1) / Enough)) + ((all - matches) * Math.Min(1, matches / Enough))) / all;
    }

    public string? Problem(Sample sample)
    {
        if (sample.Answers.Count == 0)
            return "answers: missing; they are what each of the annotators answered, for example [\"red\", \"red\", \"dark red\"]";

        return Score(sample, sample.Answer) > 0 ? null : $"answer: '{sample.Answer}' is worth nothing by answers; write the one that most annotators gave";
    }
}

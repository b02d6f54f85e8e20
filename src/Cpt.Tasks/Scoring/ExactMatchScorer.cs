namespace Cpt.Tasks;

/// <summary>Right when the answer is given as it stands, white space around it aside.</summary>
internal sealed class ExactMatchScorer(bool ignoreCase) : IScorer
{
    private readonly StringComparison _comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    public double Score(Sample sample, string response) =>
        string.Equals(sample.Answer.Trim(), FinalAnswer.Of(response), _comparison) ? 1 : 0;

    public string? Problem(Sample sample) => Score(sample, sample.Answer) == 1
        ? null
        : $"answer: '{sample.Answer}' would be scored as '{FinalAnswer.Of(sample.Answer)}'; write the bare answer";
}

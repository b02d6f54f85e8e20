namespace Cpt.Tasks;

/// <summary>Right when the whole answer matches the sample's <see cref="Sample.Accept"/>: for questions with many right answers.</summary>
internal sealed class PatternScorer : IScorer
{
    public double Score(Sample sample, string response) =>
        sample.Accept is { } accept && AcceptPatterns.Matches(accept, FinalAnswer.Of(response)) ? 1 : 0;

    public string? Problem(Sample sample)
    {
        if (sample.Accept is null)
            return "accept: missing; it is the regular expression of every right answer";

        return Score(sample, sample.Answer) == 1 ? null : $"answer: '{sample.Answer}' does not match accept '{sample.Accept}'";
    }
}

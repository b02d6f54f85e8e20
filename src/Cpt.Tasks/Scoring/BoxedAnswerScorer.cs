namespace Cpt.Tasks;

/// <summary>
/// Right when the response puts its answer into <c>\boxed{…}</c> and the content is right for another scorer. What stands outside of the last closed box is not looked at,
/// so a response without one earns nothing, whatever it says.
/// </summary>
/// <param name="content">Judges the content of the box.</param>
internal sealed class BoxedAnswerScorer(IScorer content) : IScorer
{
    /// <summary>What may judge the content; the default first. Without parameters, which would need parentheses in parentheses.</summary>
    public static readonly string[] Inner = ["Latex", "ExactMatch", "ChoiceLetter", "Numeric", "Pattern", "YesNo"];

    public double Score(Sample sample, string response) => FinalAnswer.LastBoxed(FinalAnswer.Spoken(response)) is { } boxed ? content.Score(sample, boxed) : 0;

    public string? Problem(Sample sample) => content.Problem(sample);
}

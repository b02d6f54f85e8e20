namespace Cpt.Tasks;

/// <summary>What several annotators answered.</summary>
public static class VqaAnswers
{
    /// <summary>The one that most of them gave, by their normalised texts, as the first of those wrote it; of equally many the one that came first.</summary>
    public static string MostCommon(IReadOnlyList<string> answers) => answers
        .GroupBy(VqaText.Of, StringComparer.Ordinal)
        .MaxBy(group => group.Count())!
        .First();
}

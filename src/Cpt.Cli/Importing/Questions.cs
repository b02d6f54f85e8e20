using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>How questions are put: the published text, the options, and what form of answer is wanted.</summary>
internal static class Questions
{
    public const string Short = "\nAnswer with a single word or phrase.";
    public const string YesOrNo = "\nAnswer yes or no.";
    private const string Letter = "\nAnswer with the letter of the right option.";

    public static IReadOnlyList<TaskMessage> Asked(string text) => [new TaskMessage("user", text)];

    /// <summary>"Which? A. one B. two", each on a line of its own.</summary>
    public static string WithOptions(string question, IReadOnlyList<string> options) =>
        question.Trim() + string.Concat(options.Select((option, place) => $"\n{(char)('A' + place)}. {option}")) + Letter;

    public static string LetterOf(int place) => ((char)('A' + place)).ToString();
}

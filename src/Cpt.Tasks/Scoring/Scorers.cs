using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Cpt.Tasks;

/// <summary>The scorers, by the name that task.json and a stage's <c>task.scorer</c> use, with parameters in parentheses.</summary>
public static class Scorers
{
    private static readonly Dictionary<string, (string[] Parameters, Func<ScorerParameters, IScorer> Create)> s_kinds = new(StringComparer.Ordinal)
    {
        ["ExactMatch"] = (["ignoreCase"], parameters => new ExactMatchScorer(parameters.Flag("ignoreCase"))),
        ["ChoiceLetter"] = ([], _ => new ChoiceLetterScorer()),
        ["Numeric"] = (["tolerance", "relative"], parameters => new NumericScorer(
            parameters.NotNegative("tolerance", 0), parameters.NotNegative("relative", NumericScorer.RoundOff))),
        ["Pattern"] = ([], _ => new PatternScorer()),
        ["BoxedAnswer"] = (["content"], parameters => new BoxedAnswerScorer(Get(parameters.OneOf("content", BoxedAnswerScorer.Inner)))),
        ["Latex"] = (["tolerance", "relative"], parameters => new LatexScorer(
            parameters.NotNegative("tolerance", 0), parameters.NotNegative("relative", LatexScorer.Rounding))),
        ["VqaAccuracy"] = ([], _ => new VqaAccuracyScorer()),
        ["YesNo"] = ([], _ => new YesNoScorer()),
        ["IoU"] = (["threshold", "soft"], parameters => new BoxOverlapScorer(parameters.Flag("soft") ? null : parameters.NotNegative("threshold", BoxOverlapScorer.Threshold, maximum: 1))),
    };

    private static readonly ConcurrentDictionary<string, IScorer> s_made = new(StringComparer.Ordinal);

    public static IReadOnlyList<string> Names => [.. s_kinds.Keys];

    /// <exception cref="TaskDataException">Unknown name or parameter; the message lists the known ones.</exception>
    public static IScorer Get(string scorer) => s_made.GetOrAdd(scorer, Create);

    /// <param name="scorer">For example <c>Numeric(tolerance=0.01)</c>.</param>
    /// <param name="found">The scorer.</param>
    /// <param name="problem">Why there is none.</param>
    public static bool TryGet(string scorer, [NotNullWhen(true)] out IScorer? found, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            (found, problem) = (Get(scorer), null);
            return true;
        }
        catch (TaskDataException error)
        {
            (found, problem) = (null, error.Message);
            return false;
        }
    }

    private static IScorer Create(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var name = (open < 0 ? text : text[..open]).Trim();
        if (!s_kinds.TryGetValue(name, out var kind))
            throw new TaskDataException($"unknown scorer '{name}'; known are {string.Join(", ", Names)}");

        if (open >= 0 && !text.EndsWith(')'))
            throw new TaskDataException($"scorer {text}: the closing parenthesis is missing");

        return kind.Create(ScorerParameters.Parse(name, open < 0 ? "" : text[(open + 1)..^1], kind.Parameters));
    }
}

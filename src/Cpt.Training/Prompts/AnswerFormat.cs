using System.Text.RegularExpressions;

namespace Cpt.Training;

/// <summary>The form that the chain-of-thought prompt asks for: thinking first, then <c>\boxed{answer}</c>.</summary>
internal static partial class AnswerFormat
{
    /// <summary>
    /// True when the whole response reads <c>&lt;think&gt;…&lt;/think&gt;…\boxed{…}…</c> (the format reward of arXiv:2507.05386).
    /// </summary>
    public static bool IsWellFormed(string response) => WholeResponse().IsMatch(response);

    // Linear time: responses are written by a policy under training, and may be anything.
    [GeneratedRegex(@"\A<think>.*</think>.*\\boxed\{.*\}.*\z", RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WholeResponse();
}

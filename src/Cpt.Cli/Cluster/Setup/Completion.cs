using System.CommandLine;

namespace Cpt.Cli.Cluster.Setup;

/// <summary>
/// Words that may come next, in the form kubectl and other programs made with cobra expect: one a line, a tab before its description, then a colon and what the shell should
/// do besides.
/// </summary>
internal static class Completion
{
    /// <summary>Asks for words: <c>cpt __complete status --stage ""</c>. The last one is what was typed of the word.</summary>
    public const string Verb = "__complete";

    private const string NoFiles = ":4";
    private const string Files = ":0";

    public static void Write(Command root, IReadOnlyList<string> words, TextWriter output)
    {
        var (before, typed) = words.Count == 0 ? ([], "") : (words.Take(words.Count - 1).ToList(), words[^1]);
        if (before.Count > 0 && TakesFile(root.Parse(before).CommandResult.Command, before[^1]))
        {
            output.WriteLine(Files);
            return;
        }

        var line = string.Concat(before.Select(word => Quote(word) + " ")) + typed;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in root.Parse(line).GetCompletions(line.Length))
        {
            var word = item.InsertText ?? item.Label;
            // Aliases only lengthen the list; the ones worth knowing are short.
            if (word.StartsWith(typed, StringComparison.Ordinal) && (typed.StartsWith('-') || !word.StartsWith('-')) && !word.StartsWith('/') && word is not ("-?" or "[suggest]") && seen.Add(word))
            {
                output.WriteLine(item.Detail is { Length: > 0 } detail ? $"{word}\t{detail.ReplaceLineEndings(" ")}" : word);
            }
        }

        output.WriteLine(NoFiles);
    }

    private static bool TakesFile(Command command, string word)
    {
        for (var here = command; here is not null; here = here.Parents.OfType<Command>().FirstOrDefault())
        {
            if (here.Options.FirstOrDefault(option => option.Name == word || option.Aliases.Contains(word)) is { } found)
            {
                return found.HelpName is "FILE" or "DIR";
            }
        }

        return false;
    }

    private static string Quote(string word) => word.Length == 0 || word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word;
}

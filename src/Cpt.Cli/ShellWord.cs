namespace Cpt.Cli;

/// <summary>Words of commands in messages, so that they can be copied into a shell.</summary>
internal static class ShellWord
{
    private const string Plain = "-_./~:=@%+,";

    /// <summary>As it is, or in single quotes where a shell would take it apart.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || Plain.Contains(letter, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

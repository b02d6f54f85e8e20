namespace Cpt.Cli;

/// <summary>How the user started this program, so that commands in messages can be copied: the launcher says so.</summary>
internal static class CommandName
{
    public static string Value { get; } = Environment.GetEnvironmentVariable("CPT_COMMAND") is { Length: > 0 } command ? ShellWord.Quote(command) : "cpt";
}

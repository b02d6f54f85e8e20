namespace Cpt.Cli;

/// <summary>How the user started this program: what it is then, and how commands in messages are written so that they can be copied.</summary>
internal static class CommandName
{
    /// <summary>The name by which kubectl finds <c>kubectl cpt</c>.</summary>
    public const string Plugin = "kubectl-cpt";

    /// <summary>The name by which kubectl finds what completes <c>kubectl cpt …</c>.</summary>
    public const string PluginCompletion = "kubectl_complete-cpt";

    private static readonly string s_started = StartedAs();

    public static string Value { get; } = s_started.Length > 0 && Path.GetFileName(s_started) is not (Plugin or PluginCompletion) ? ShellWord.Quote(s_started) : "cpt";

    /// <summary>The file to start again; null when this is <c>dotnet cpt.dll</c>.</summary>
    public static string? Program { get; } = s_started.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(s_started) : Environment.ProcessPath is { } path && Path.GetFileName(path) != "dotnet" ? path : null;

    public static bool IsPlugin { get; } = Path.GetFileName(s_started) == Plugin;

    public static bool IsPluginCompletion { get; } = Path.GetFileName(s_started) == PluginCompletion;

    /// <summary>What commands about runs on a cluster begin with.</summary>
    public static string Cluster { get; } = IsPlugin ? "kubectl cpt" : Value + " kube";

    /// <summary>The launcher says so; else the first word of the command line, for .NET only names the file behind a link.</summary>
    private static string StartedAs()
    {
        if (Environment.GetEnvironmentVariable("CPT_COMMAND") is { Length: > 0 } command)
        {
            return command;
        }

        try
        {
            var words = File.ReadAllText("/proc/self/cmdline").Split('\0');
            return Path.GetFileName(words[0]) is Plugin or PluginCompletion ? words[0] : "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

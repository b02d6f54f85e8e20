using Cpt.Contract;

namespace Cpt.Cli.Cluster.Setup;

/// <summary>The plugin's two names as links to one program.</summary>
internal static class Links
{
    /// <param name="directory">Where they go; made when missing.</param>
    /// <param name="program">What they lead to, absolute.</param>
    /// <param name="force">Replace whatever has the name.</param>
    /// <returns>What was done, a line for each.</returns>
    /// <exception cref="CliException">A name is taken by something else; nothing is changed then.</exception>
    public static IReadOnlyList<string> Make(string directory, string program, bool force)
    {
        string[] paths = [Path.Combine(directory, CommandName.Plugin), Path.Combine(directory, CommandName.PluginCompletion)];
        // Started through one of the links: they are to lead to what is behind it, not to themselves.
        program = new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? program;
        if (!force && paths.FirstOrDefault(path => TargetOf(path) is { } target && target != program && !IsBroken(path)) is { } taken)
        {
            throw new CliException(ExitCodes.BadSpec, $"error: {taken} is there already and is {Describe(taken)}; --force replaces it");
        }

        Directory.CreateDirectory(directory);
        return [.. paths.Select(path => MakeOne(path, program))];
    }

    private static string MakeOne(string path, string program)
    {
        if (TargetOf(path) == program)
        {
            return $"{path} unchanged";
        }

        // Renamed into place, so that there is never a moment without.
        var fresh = $"{path}.{Guid.NewGuid().ToString("N")[..6]}";
        File.CreateSymbolicLink(fresh, program);
        File.Move(fresh, path, overwrite: true);
        return $"{path} -> {program}";
    }

    /// <returns>Null when there is nothing; the path itself for what is no link.</returns>
    private static string? TargetOf(string path) => new FileInfo(path) is var file && file.LinkTarget is { } link
        ? Path.GetFullPath(link, Path.GetDirectoryName(path)!)
        : file.Exists || Directory.Exists(path) ? path : null;

    private static bool IsBroken(string path) => new FileInfo(path).LinkTarget is not null && !File.Exists(path);

    private static string Describe(string path) => new FileInfo(path).LinkTarget is { } link ? $"a link to {link}" : "a file of its own";
}

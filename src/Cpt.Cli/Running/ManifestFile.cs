using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>A manifest's text, from a file or from standard input.</summary>
internal static class ManifestFile
{
    /// <param name="path">A YAML or JSON file, or <c>-</c> for standard input.</param>
    /// <exception cref="CliException">66: there is no such file.</exception>
    public static string Read(string path)
    {
        try
        {
            return path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.InputNotFound, $"{path}: {(error is FileNotFoundException or DirectoryNotFoundException ? "no such file; -f takes the path of a manifest" : error.Message)}");
        }
    }

    /// <summary>What <c>file://./</c> is relative to.</summary>
    public static string DirectoryOf(string path) => path == "-" ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(path))!;
}

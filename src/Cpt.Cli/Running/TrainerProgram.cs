using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>Finds <c>cpt-trainer.dll</c>: <c>$CPT_TRAINER</c>, beside this program (an installation), or in this checkout's build output.</summary>
internal static class TrainerProgram
{
    public const string Variable = "CPT_TRAINER";

    private const string FileName = "cpt-trainer.dll";

    /// <summary>What runs the assembly; the one that runs this program, so that both use the same runtime.</summary>
    public static string Host =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>Whether this program brought its own runtime along; then there need be no dotnet on the machine, and the trainer beside it has its own start file.</summary>
    private static bool IsSelfContained => File.Exists(Path.Combine(AppContext.BaseDirectory, "libcoreclr.so"));

    /// <summary>What starts the trainer, before its own arguments.</summary>
    /// <exception cref="CliException">It is nowhere.</exception>
    public static IReadOnlyList<string> Command()
    {
        var assembly = Find();
        var start = Path.ChangeExtension(assembly, null);
        return IsSelfContained && File.Exists(start) ? [start] : [Host, assembly];
    }

    /// <summary>Path of the assembly.</summary>
    /// <exception cref="CliException">It is nowhere.</exception>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : throw new CliException(ExitCodes.InputNotFound, $"{Variable}={named}: there is no such file; it must be the path of {FileName}.");
        }

        // artifacts/bin/Cpt.Cli/release/ -> artifacts/bin/Cpt.Trainer/release/
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var configuration = Path.GetFileName(here);
        string[] places =
        [
            Path.Combine(here, FileName),
            Path.Combine(here, "trainer", FileName),
            Path.Combine(here, "..", "..", "Cpt.Trainer", configuration, FileName),
        ];
        return places.Where(File.Exists).Select(Path.GetFullPath).FirstOrDefault()
            ?? throw new CliException(ExitCodes.InputNotFound, $"{FileName} was not found in {string.Join(", ", places.Select(Path.GetFullPath))}. Build it, or name it in ${Variable}.");
    }
}

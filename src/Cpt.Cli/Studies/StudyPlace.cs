using Cpt.Api;
using Cpt.Cli.Commands;
using Cpt.Cli.Running;

namespace Cpt.Cli.Studies;

/// <summary>For commands that look at a run or a study: whether it is a study that is meant.</summary>
internal static class StudyPlace
{
    /// <summary>The study's directory where the directory or the manifest named is a study's, or the only thing here; null where it is a run.</summary>
    public static StudyDirectory? Find(string? workdir, string? file)
    {
        if (workdir is not null)
        {
            return new StudyDirectory(workdir) is { Exists: true } named ? named : null;
        }

        if (file is not null)
        {
            return IsStudy(file) ? new StudyDirectory(Path.Combine(RunOptions.StateDirectory, StudySource.Load(file).Name)) : null;
        }

        string[] here = Directory.Exists(RunOptions.StateDirectory) ? Directory.GetDirectories(RunOptions.StateDirectory) : [];
        var studies = here.Select(path => new StudyDirectory(path)).Where(place => place.Exists).ToList();
        return studies.Count == 1 && !here.Any(path => File.Exists(new WorkDirectory(path).RunFile)) ? studies[0] : null;
    }

    /// <summary>Standard input can be read once only: there it is a run, as ever.</summary>
    public static bool IsStudy(string file) => file != "-" && File.Exists(file) && ManifestReader.KindOf(ManifestFile.Read(file)) == ContinualStudy.KindName;

    /// <exception cref="CliException">66: it was never started.</exception>
    public static StudySource Stored(StudyDirectory place) => StudySource.Stored(place) ?? throw new CliException(
        Contract.ExitCodes.InputNotFound,
        $"No study has been started in {WorkDirectory.Shorten(place.Root)}. Start one: {CommandName.Value} study -f FILE --workdir {WorkDirectory.Shorten(place.Root)}");
}

using System.Text.Json;
using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Studies;

/// <summary>A study's manifest as the user gave it, and the runs it means on this machine.</summary>
/// <param name="Study">With defaults.</param>
/// <param name="Runs">In the order in which they are started.</param>
/// <param name="Text">The file's text.</param>
internal sealed record StudySource(ContinualStudy Study, IReadOnlyList<StudyRun> Runs, string Text)
{
    public string Name => Study.Metadata.Name;

    /// <param name="path">A YAML or JSON file, or <c>-</c> for standard input.</param>
    /// <exception cref="CliException">64 with every error of the manifest; 66 when there is no such file.</exception>
    public static StudySource Load(string path)
    {
        var text = ManifestFile.Read(path);
        if (ManifestReader.KindOf(text) == ContinualRun.KindName)
        {
            throw new CliException(ExitCodes.BadSpec, $"{path}: is a {ContinualRun.KindName}, which is one run; start it with: {CommandName.Value} run -f {ShellWord.Quote(path)}");
        }

        try
        {
            return Of(ManifestReader.ReadStudy(text, path), ManifestFile.DirectoryOf(path), text);
        }
        catch (ManifestException wrong)
        {
            throw new CliException(ExitCodes.BadSpec, wrong.Message);
        }
    }

    /// <summary>The study of a directory, or null where none was started there.</summary>
    public static StudySource? Stored(StudyDirectory place)
    {
        if (!File.Exists(place.StudyFile))
        {
            return null;
        }

        try
        {
            var study = JsonSerializer.Deserialize(File.ReadAllText(place.StudyFile), ApiJson.Default.ContinualStudy)!;
            return Of(study, place.Record()?.Directory ?? place.Root, File.ReadAllText(place.ManifestFile));
        }
        catch (JsonException error)
        {
            throw new CliException(ExitCodes.BadData, $"{WorkDirectory.Shorten(place.StudyFile)} cannot be read: {error.Message} Run the manifest again with its own --workdir.");
        }
    }

    /// <summary>The manifest of one run, for its own directory.</summary>
    public RunSource SourceOf(StudyRun run) => new(run.Run, $"# Made from the study {Name}: variant {run.Variant}, seed {run.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture)}.\n"
        + YamlText.Of(JsonSerializer.SerializeToNode(run.Run, ApiJson.Default.ContinualRun)));

    private static StudySource Of(ContinualStudy study, string directory, string text)
    {
        var runs = StudyValidator.Expand(study, out var errors);
        return errors.Count == 0
            ? new StudySource(StudyDefaults.Apply(study), [.. runs.Select(run => run with { Run = RunSource.Localized(run.Run, directory, seed: null) })], text)
            : throw new CliException(ExitCodes.BadSpec, string.Join('\n', errors));
    }
}

using System.Text.Json;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>A manifest as the user gave it, and the run it means on this machine.</summary>
/// <param name="Run">Seed chosen, <c>file://</c> URIs absolute; defaults not yet filled in.</param>
/// <param name="Text">The file's text.</param>
internal sealed record RunSource(ContinualRun Run, string Text)
{
    private const string FileScheme = "file://";

    /// <param name="path">A YAML or JSON file, or <c>-</c> for standard input.</param>
    /// <param name="seed">Takes the place of <c>spec.seed</c>.</param>
    /// <exception cref="CliException">64 with every error of the manifest; 66 when there is no such file.</exception>
    public static RunSource Load(string path, long? seed = null)
    {
        var text = ManifestFile.Read(path);
        if (ManifestReader.KindOf(text) == ContinualStudy.KindName)
        {
            throw new CliException(ExitCodes.BadSpec, $"{path}: is a {ContinualStudy.KindName}, which is many runs; start it with: {CommandName.Value} study -f {ShellWord.Quote(path)}");
        }

        try
        {
            return new RunSource(Localized(ManifestReader.Read(text, path), ManifestFile.DirectoryOf(path), seed), text);
        }
        catch (ManifestException wrong)
        {
            throw new CliException(ExitCodes.BadSpec, wrong.Message);
        }
    }

    /// <summary>The run of a work directory, or null when none has been started there.</summary>
    public static RunSource? Stored(WorkDirectory work)
    {
        if (!File.Exists(work.RunFile))
        {
            return null;
        }

        try
        {
            var run = JsonSerializer.Deserialize(File.ReadAllText(work.RunFile), ApiJson.Default.ContinualRun)!;
            var text = File.Exists(work.ManifestFile) ? File.ReadAllText(work.ManifestFile) : ManifestReader.Write(run);
            return new RunSource(run, text);
        }
        catch (JsonException error)
        {
            throw new CliException(ExitCodes.BadData, $"{WorkDirectory.Shorten(work.RunFile)} cannot be read: {error.Message} Run the manifest again with its own --workdir.");
        }
    }

    public void Store(WorkDirectory work)
    {
        AtomicFile.Write(work.ManifestFile, Text);
        AtomicFile.Write(work.RunFile, ManifestReader.Write(Run));
    }

    /// <summary>The run as it is meant on this machine.</summary>
    /// <param name="run">As written.</param>
    /// <param name="directory">Of the manifest.</param>
    /// <param name="seed">Takes the place of <c>spec.seed</c>.</param>
    public static ContinualRun Localized(ContinualRun run, string directory, long? seed) => run with
    {
        Spec = run.Spec with
        {
            Seed = seed ?? run.Spec.Seed,
            BaseModel = run.Spec.BaseModel with { Uri = Absolute(run.Spec.BaseModel.Uri, directory) },
            Storage = run.Spec.Storage with { Uri = Absolute(run.Spec.Storage.Uri, directory) },
            Evaluation = run.Spec.Evaluation is not { Benchmarks: { } benchmarks } evaluation
                ? run.Spec.Evaluation
                : evaluation with { Benchmarks = [.. benchmarks.Select(benchmark => benchmark with { Uri = Absolute(benchmark.Uri, directory) })] },
            Stages = [.. run.Spec.Stages.Select(stage => TaskColumns.Moved(stage, uri => Absolute(uri, directory)))],
        },
    };

    /// <summary><c>file://./x</c> and <c>file://../x</c> are relative to the manifest, wherever the command is started.</summary>
    private static string Absolute(string uri, string directory)
    {
        if (!uri.StartsWith(FileScheme + ".", StringComparison.Ordinal))
        {
            return uri;
        }

        var path = Path.GetFullPath(Uri.UnescapeDataString(uri[FileScheme.Length..]), directory);
        return FileScheme + string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
    }
}

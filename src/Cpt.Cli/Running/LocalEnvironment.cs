using Cpt.Storage;

namespace Cpt.Cli.Running;

/// <summary>
/// The environment as both this process and its trainers see it: what the user set, else what belongs to the work directory. So that
/// <c>pvc://</c> and <c>bundled://</c> mean the same in both.
/// </summary>
internal sealed class LocalEnvironment(WorkDirectory work)
{
    public const string Volumes = "CPT_VOLUMES";
    public const string Bundle = "CPT_BUNDLE";

    public string? Get(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } set
        ? set
        : name switch
        {
            Volumes => work.VolumesDirectory,
            Bundle => Path.Combine(Path.GetDirectoryName(TrainerProgram.Find())!, "bundle"),
            _ => null,
        };

    public StorageOptions StorageOptions(Action<string> onWarning) => new() { Environment = Get, OnWarning = onWarning };
}

using Cpt.Storage;

namespace Cpt.Cli.Running;

/// <summary>
/// The environment as both this process and its trainers see it: what the user set, else what belongs to the work directory. So that
/// <c>pvc://</c> and <c>bundled://</c> mean the same in both.
/// </summary>
/// <param name="work">Of the run.</param>
/// <param name="threads">How many threads the trainers of one attempt share; null: they find out themselves.</param>
internal sealed class LocalEnvironment(WorkDirectory work, int? threads = null)
{
    public const string Threads = "CPT_THREADS";
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

    /// <summary>What each of so many workers is told; null: nothing, or what the user said.</summary>
    public int? ThreadsOf(int workers) => threads is { } all && Environment.GetEnvironmentVariable(Threads) is not { Length: > 0 } ? Math.Max(1, all / workers) : null;

    public StorageOptions StorageOptions(Action<string> onWarning) => new() { Environment = Get, OnWarning = onWarning };
}

using Cpt.Cli.Running;
using Cpt.Contract;
using Cpt.Planning;

namespace Cpt.Cli.Studies;

/// <summary>The place of one run among those that are at work. Whoever waits for another's stage lets somebody else have the place meanwhile.</summary>
/// <param name="run">Its name.</param>
/// <param name="claims">Of the study.</param>
/// <param name="places">As many as may be at work side by side.</param>
internal sealed class StudySeat(string run, StageClaims claims, SemaphoreSlim places) : INeighbours, IDisposable
{
    private bool _seated;

    /// <summary>In the order in which they ask.</summary>
    public async Task SitAsync(CancellationToken stop)
    {
        await places.WaitAsync(stop);
        _seated = true;
    }

    public async Task<bool> WaitForAsync(PlanAction.CreateJob wanted, RunNarrator narrator, CancellationToken stop)
    {
        var spec = wanted.Spec;
        string[] names = [Name(spec, spec.StageHash), .. spec.Evaluation.Baseline ? [Baseline(spec)] : Array.Empty<string>()];
        if (claims.TryTake(run, names, out var holder, out var released))
        {
            return false;
        }

        var what = claims.IsTaken(run, names[..1], out _) ? "trains the same stage; its result will be taken over" : "scores the base model for all of them";
        narrator.Say("info", spec.Stage, $"waits for {holder}, which {what}");
        Stand();
        do
        {
            await released.WaitAsync(stop);
        }
        while (claims.IsTaken(run, names, out released));
        await SitAsync(stop);
        return true;
    }

    /// <summary>The base model's scores are there; the stage that follows them is the run's own.</summary>
    public void BaselineIsScored() => claims.Release(run, IsBaseline);

    public void Leave() => claims.Release(run);

    public void Dispose()
    {
        Leave();
        Stand();
    }

    private void Stand()
    {
        if (_seated)
        {
            _seated = false;
            places.Release();
        }
    }

    private static string Name(StageSpec spec, string hash) => $"{spec.StorageUri} {hash}";

    private static string Baseline(StageSpec spec) => Name(spec, Digests.BaselineHash(spec.BaseModel.Digest));

    private static bool IsBaseline(string name) => name.Contains(' ' + Digests.BaselinePrefix, StringComparison.Ordinal);
}

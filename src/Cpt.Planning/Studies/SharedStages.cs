using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Studies;

/// <summary>
/// Equal stages are trained once: whoever comes second takes the result over. Two runs that train the same stage at the same time would both train it, so the second waits until the first is past
/// what they have in common.
/// </summary>
internal static class SharedStages
{
    /// <summary>How many stages two runs have in common, from the first on.</summary>
    public static int Count(ContinualRun one, ContinualRun other)
    {
        var (first, second) = (RunDefaults.Apply(one).Spec, RunDefaults.Apply(other).Spec);
        if (first.Storage.Uri != second.Storage.Uri || first.BaseModel.Uri != second.BaseModel.Uri || ReusePolicy.Never == first.ReusePolicy || ReusePolicy.Never == second.ReusePolicy)
        {
            return 0;
        }

        var shared = 0;
        while (shared < Math.Min(first.Stages.Count, second.Stages.Count) && StageSpecs.SpecHash(first, shared) == StageSpecs.SpecHash(second, shared))
        {
            shared++;
        }

        return shared;
    }

    /// <summary>Stages at the beginning of the chain that are finished.</summary>
    public static int Finished(ContinualRunStatus? status) => (status?.Stages ?? []).TakeWhile(stage => stage.State is StageState.Succeeded or StageState.Reused).Count();

    /// <summary>Names what a run was given to do.</summary>
    public static string Digest(ContinualRunSpec spec) => Digests.OfText(System.Text.Json.JsonSerializer.Serialize(spec with { Suspend = null, RetryToken = null }, ApiJson.Default.ContinualRunSpec))[..16];
}

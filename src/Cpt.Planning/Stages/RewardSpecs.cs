using System.Globalization;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>What a rollout earns besides accuracy and format, as the trainer gets it. Null where nothing is asked for: hashes of such stages stay what they were.</summary>
internal static class RewardSpecs
{
    public static IReadOnlyList<RewardComponentSpec>? Components(RewardSettings reward) => reward.Components is { Count: > 0 } components
        ? [.. components.Select(component => new RewardComponentSpec { Scorer = component.Scorer.ToString(), Weight = Number(component.Weight) })]
        : null;

    public static RewardServiceSpec? Service(RewardSettings reward) => reward.Service is { } service ? new RewardServiceSpec { Url = service.Url, Weight = Number(service.Weight!) } : null;

    public static RewardCallSpec? Calls(RewardServiceSettings? service) => service is null
        ? null
        : new RewardCallSpec { TimeoutSeconds = service.TimeoutSeconds!.Value, BatchSize = service.BatchSize!.Value, Retries = service.Retries!.Value };

    /// <summary>The validator has seen it: what does not parse here is a bug.</summary>
    private static double Number(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}

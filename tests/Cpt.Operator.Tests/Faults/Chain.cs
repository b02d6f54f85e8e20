using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Runs;
using Cpt.StandIn;

namespace Cpt.Operator.Tests.Faults;

/// <summary>The chain that is replayed: five stages; the second one's first attempt is evicted, the fourth one's first attempt fails.</summary>
internal static class Chain
{
    public const string Name = "chain";

    /// <summary>Exactly one Job for each attempt of each stage.</summary>
    public static readonly string[] Jobs = ["chain-a-a1", "chain-b-a1", "chain-b-a2", "chain-c-a1", "chain-d-a1", "chain-d-a2", "chain-e-a1"];

    public static Scenario Scenario { get; } = new Scenario()
        .On("b", 1, new() { Ending = new Ending.Evicted(), CommitEvery = 1, EndsAfterStep = 2 })
        .On("d", 1, new() { Ending = new Ending.Exits(70, "Internal", "a bug"), CommitEvery = 1, EndsAfterStep = 3 });

    public static ContinualRun Run(string @namespace) => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualRun.KindName,
        Metadata = new() { Name = Name, Namespace = @namespace },
        Spec = new()
        {
            BaseModel = new() { Uri = "pvc://models/base" },
            // Not shared: a stage of another replay would be reused.
            Storage = new() { Uri = "pvc://checkpoints/" + @namespace },
            Retry = new() { MaxRetries = 2, Backoff = new() { InitialSeconds = 1, MaxSeconds = 1 } },
            Stages = [.. ((string[])["a", "b", "c", "d", "e"]).Select(name => new RunStage { Name = name, Method = Method.SFT, Task = new() { Uri = "generated://digits/parity?seed=1" } })],
        },
    };

    /// <summary>A status without what differs between two runs of the same chain: times, and the namespace's name.</summary>
    public static string Comparable(ContinualRunStatus status, string @namespace)
    {
        var tree = JsonSerializer.SerializeToNode(new RunObject { Status = new(status) }, RunsJson.Default.RunObject)!["status"]!;
        RemoveTimes(tree);
        // Digests of what must not change in the spec; the storage is another one in each replay.
        tree["immutableFields"]!.AsObject().Remove("spec.storage.uri");
        return tree.ToJsonString(new() { WriteIndented = true }).Replace($"checkpoints/{@namespace}", "checkpoints/x", StringComparison.Ordinal);
    }

    private static void RemoveTimes(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject item:
                foreach (var name in item.Select(member => member.Key).Where(IsTime).ToList())
                {
                    item.Remove(name);
                }

                foreach (var (_, value) in item)
                {
                    RemoveTimes(value);
                }

                break;
            case JsonArray list:
                foreach (var value in list)
                {
                    RemoveTimes(value);
                }

                break;
        }
    }

    private static bool IsTime(string name) => name.EndsWith("Time", StringComparison.Ordinal) || name.EndsWith("At", StringComparison.Ordinal);
}

using System.Text.Json.Nodes;

namespace Cpt.Api.Schema;

/// <summary>The CustomResourceDefinition of <see cref="ContinualRun"/>, made from the types of this room.</summary>
public static class RunDefinition
{
    /// <summary>As controller-gen names them.</summary>
    public const string FileName = ContinualRun.Group + "_" + ContinualRun.Plural + ".yaml";

    private const string Header = """
        # What an API server knows of a ContinualRun. Generated from the types in src/Cpt.Api by "cpt generate crds"; edit those.

        """;

    /// <summary>The file, comment and all.</summary>
    public static string ToYaml() => Header + YamlText.Of(ToJson());

    public static JsonObject ToJson() => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{ContinualRun.Plural}.{ContinualRun.Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = ContinualRun.Group,
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject
            {
                ["kind"] = ContinualRun.KindName,
                ["listKind"] = ContinualRun.KindName + "List",
                ["plural"] = ContinualRun.Plural,
                ["singular"] = "continualrun",
                ["shortNames"] = new JsonArray(ContinualRun.ShortName),
                // Not "all": "kubectl delete all --all" should take pods and Jobs, which come back, and not the runs, with whose end their checkpoints may go.
                ["categories"] = new JsonArray("cpt"),
            },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = ContinualRun.Version,
                ["served"] = true,
                ["storage"] = true,
                ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                ["additionalPrinterColumns"] = Columns(),
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = new SchemaBuilder().Root() },
            }),
        },
    };

    private static JsonArray Columns() =>
    [
        Column("Succeeded", "string", """.status.conditions[?(@.type=="Succeeded")].status""", "True or False at the end, Unknown until then."),
        Column("Reason", "string", ".status.reason", "Why it is so."),
        Column("Stage", "string", ".status.currentStage", "The stage that is worked on."),
        Column("Done", "string", ".status.stagesDone", "Stages finished of all."),
        Column("Progress", "string", ".status.progress", "Steps of the current stage."),
        Column("AvgAcc", "string", ".status.averageAccuracy", "Mean score over the tasks learned so far, percent."),
        Column("FM", "string", ".status.forgetting", "Forgetting measure, points; negative = forgotten."),
        Column("Age", "date", ".metadata.creationTimestamp", "Since it was created."),
        Column("Methods", "string", ".status.methods", "Methods of the chain.", wide: true),
        Column("Retries", "integer", ".status.retries", "Failed attempts that were followed by another.", wide: true),
        Column("Preemptions", "integer", ".status.preemptions", "Attempts that were taken away.", wide: true),
        Column("Checkpoint", "string", ".status.checkpoint", "Digest of the newest finished stage's model.", wide: true),
        Column("Model", "string", ".spec.baseModel.uri", "The base model.", wide: true),
    ];

    private static JsonObject Column(string name, string type, string path, string description, bool wide = false)
    {
        var column = new JsonObject { ["name"] = name, ["type"] = type, ["jsonPath"] = path, ["description"] = description };
        if (wide)
        {
            column["priority"] = 1;
        }

        return column;
    }
}

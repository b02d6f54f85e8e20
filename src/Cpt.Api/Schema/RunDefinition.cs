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

    public static JsonObject ToJson() => Definition.Of(ContinualRun.KindName, ContinualRun.Plural, ContinualRun.ShortName, Columns(), new SchemaBuilder().Root());

    private static JsonArray Columns() =>
    [
        Definition.Column("Succeeded", "string", """.status.conditions[?(@.type=="Succeeded")].status""", "True or False at the end, Unknown until then."),
        Definition.Column("Reason", "string", ".status.reason", "Why it is so."),
        Definition.Column("Stage", "string", ".status.currentStage", "The stage that is worked on."),
        Definition.Column("Done", "string", ".status.stagesDone", "Stages finished of all."),
        Definition.Column("Progress", "string", ".status.progress", "Steps of the current stage."),
        Definition.Column("AvgAcc", "string", ".status.averageAccuracy", "Mean score over the tasks learned so far, percent."),
        Definition.Column("FM", "string", ".status.forgetting", "Forgetting measure, points; negative = forgotten."),
        Definition.Column("Age", "date", ".metadata.creationTimestamp", "Since it was created."),
        Definition.Column("Methods", "string", ".status.methods", "Methods of the chain.", wide: true),
        Definition.Column("Retries", "integer", ".status.retries", "Failed attempts that were followed by another.", wide: true),
        Definition.Column("Preemptions", "integer", ".status.preemptions", "Attempts that were taken away.", wide: true),
        Definition.Column("Checkpoint", "string", ".status.checkpoint", "Digest of the newest finished stage's model.", wide: true),
        Definition.Column("Model", "string", ".spec.baseModel.uri", "The base model.", wide: true),
    ];
}

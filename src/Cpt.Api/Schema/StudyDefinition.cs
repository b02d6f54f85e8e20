using System.Text.Json.Nodes;

namespace Cpt.Api.Schema;

/// <summary>The CustomResourceDefinition of <see cref="ContinualStudy"/>, made from the types of this room.</summary>
public static class StudyDefinition
{
    /// <summary>As controller-gen names them.</summary>
    public const string FileName = ContinualRun.Group + "_" + ContinualStudy.Plural + ".yaml";

    private const string Header = """
        # What an API server knows of a ContinualStudy. Generated from the types in src/Cpt.Api by "cpt generate crds"; edit those.

        """;

    /// <summary>The file, comment and all.</summary>
    public static string ToYaml() => Header + YamlText.Of(ToJson());

    public static JsonObject ToJson() => Definition.Of(ContinualStudy.KindName, ContinualStudy.Plural, ContinualStudy.ShortName, Columns(), SchemaBuilder.OfStudy());

    private static JsonArray Columns() =>
    [
        Definition.Column("Succeeded", "string", """.status.conditions[?(@.type=="Succeeded")].status""", "True or False at the end, Unknown until then."),
        Definition.Column("Reason", "string", ".status.reason", "Why it is so."),
        Definition.Column("Done", "string", ".status.runsDone", "Runs that succeeded of all."),
        Definition.Column("Active", "integer", ".status.active", "Runs at work."),
        Definition.Column("Failed", "integer", ".status.failed", "Runs that failed."),
        Definition.Column("Age", "date", ".metadata.creationTimestamp", "Since it was created."),
        Definition.Column("Baseline", "string", ".status.baseline", "The variant that the others are compared with.", wide: true),
        Definition.Column("Waiting", "integer", ".status.waiting", "Runs whose turn has not come.", wide: true),
        Definition.Column("Message", "string", ".status.message", "What happens now.", wide: true),
    ];
}

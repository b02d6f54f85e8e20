using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api.Schema;
using Cpt.Tests.Cluster;

namespace Cpt.Api.Tests.Schema;

/// <summary>The definition as a document.</summary>
public sealed class DefinitionTests
{
    private static readonly JsonNode s_definition = JsonNode.Parse(RunDefinition.ToJson().ToJsonString())!;
    private static readonly JsonNode s_schema = s_definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!;

    [Fact]
    public void TheCommittedFileIsWhatTheProgramGenerates() => Assert.Equal(RunDefinition.ToYaml(), File.ReadAllText(RunDefinitions.Path));

    [Fact]
    public void TheYamlSaysTheSameAsTheDefinition() => Assert.True(JsonNode.DeepEquals(s_definition, JsonNode.Parse(RunJson.Of(RunDefinition.ToYaml()).ToJsonString())));

    [Fact]
    public void EveryFieldOfSpecAndStatusIsDescribed()
    {
        var fields = Walk().Where(entry => entry.IsField && !entry.Path.StartsWith("metadata", StringComparison.Ordinal)).ToList();
        Assert.True(fields.Count > 120, $"{fields.Count} fields");
        Assert.Empty(fields.Where(entry => entry.Schema["description"]?.GetValue<string>() is not { Length: > 5 }).Select(entry => entry.Path));
        Assert.Empty(fields.Where(entry => entry.Schema["description"]!.GetValue<string>() is var text && (!text.EndsWith('.') || text.Contains("  ", StringComparison.Ordinal))).Select(entry => entry.Path));
    }

    [Fact]
    public void NothingInTheSpecIsAFloatingPointNumberOrOfTwoTypes()
    {
        Assert.DoesNotContain(Walk(), entry => entry.Schema["type"]?.GetValue<string>() is null or "number");
        Assert.DoesNotContain("int-or-string", RunDefinition.ToYaml(), StringComparison.Ordinal);
    }

    /// <summary>Servers estimate the cost of a rule from these bounds; a list without one counts as millions of entries.</summary>
    [Fact]
    public void EveryTextListAndMapOfTheSpecHasABound()
    {
        var open = Walk().Where(entry => entry.Path.StartsWith("spec.", StringComparison.Ordinal) && entry.Schema["enum"] is null).Where(entry => entry.Schema["type"]!.GetValue<string>() switch
        {
            "string" => entry.Schema["maxLength"] is null,
            "array" => entry.Schema["maxItems"] is null,
            "object" => entry.Schema["properties"] is null && entry.Schema["additionalProperties"] is not null,
            "integer" => entry.Schema["maximum"] is null && entry.Path != "spec.seed",
            _ => false,
        });
        Assert.Empty(open.Select(entry => entry.Path));
    }

    [Fact]
    public void OnlyPartsThatAreNotOursKeepUnknownFields() => Assert.Equal(
        [
            "spec.stages[].parameters", "spec.stages[].template.podOverrides", "spec.stages[].template.resources", "spec.template.podOverrides", "spec.template.resources",
        ],
        Walk().Where(entry => entry.Schema["x-kubernetes-preserve-unknown-fields"] is not null).Select(entry => entry.Path).Order(StringComparer.Ordinal));

    [Fact]
    public void RulesUseNothingThatTheFirstServersWithCelDoNotKnow() =>
        Assert.All(Rules(), rule => Assert.Equal(["rule", "message"], rule.Select(entry => entry.Key)));

    /// <summary>Whatever else a run says, with defaults written out it means the same: the operator completes both to one run.</summary>
    [Fact]
    public void DefaultsOfTheServerAreThoseOfTheProgram()
    {
        string[] manifests =
        [
            ManifestText.Valid,
            RunJson.Everything,
            ManifestText.With("groupSize: 8", "prompt: ChainOfThought"),
            ManifestText.With("groupSize: 8", "klCoefficient: \"0.1\"\n      kl: {estimator: k1}"),
            ManifestText.With("  storage:", "  retry: {backoff: {initialSeconds: 900}}\n  storage:"),
            ManifestText.With("  storage:", "  retry: {backoff: {maxSeconds: 5}}\n  storage:"),
            ManifestText.With("  storage:", "  evaluation: {gates: [{metric: forgetting, maximum: \"5\"}]}\n  storage:"),
            ManifestText.With("  storage:", "  template: {nodes: 3}\n  storage:"),
        ];
        foreach (var manifest in manifests)
        {
            var (bare, written) = (RunJson.Of(manifest), RunJson.Of(manifest));
            CelEvaluation.Default(s_schema, written);
            Assert.False(JsonNode.DeepEquals(bare, written) && manifest != RunJson.Everything);
            Assert.Equal(Completed(bare), Completed(written));
            Assert.Equal(RunJson.OperatorRefuses(bare), RunJson.OperatorRefuses(written));
        }
    }

    [Fact]
    public void WrittenOutDefaultsChangeNoFingerprintOfAFixedField()
    {
        var (bare, written) = (RunJson.Of(ManifestText.Valid), RunJson.Of(ManifestText.Valid));
        CelEvaluation.Default(s_schema, written);
        Assert.Equal(ImmutableFields.Of(Read(bare)), ImmutableFields.Of(Read(written)));
    }

    [Fact]
    public void ColumnsPointToFieldsThatAreThere()
    {
        var fields = Walk().Select(entry => "." + entry.Path).ToHashSet(StringComparer.Ordinal);
        var columns = s_definition["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray().Select(column => column!["jsonPath"]!.GetValue<string>()).ToList();
        Assert.Equal(13, columns.Count);
        Assert.Empty(columns.Select(path => path.Replace("[?(@.type==\"Succeeded\")]", "[]", StringComparison.Ordinal)).Except(fields).Except([".metadata.creationTimestamp"]));
    }

    /// <summary>Every schema in the definition by its path, lists written <c>[]</c>.</summary>
    internal static IEnumerable<(string Path, JsonNode Schema, bool IsField)> Walk() => Walk(s_schema, "", isField: false);

    private static IEnumerable<(string Path, JsonNode Schema, bool IsField)> Walk(JsonNode schema, string path, bool isField) =>
    [
        (path, schema, isField),
        .. (schema["properties"]?.AsObject() ?? []).SelectMany(entry => Walk(entry.Value!, path.Length == 0 ? entry.Key : $"{path}.{entry.Key}", isField: true)),
        .. schema["items"] is { } items ? Walk(items, path + "[]", isField: false) : [],
    ];

    private static IEnumerable<JsonObject> Rules() => Walk().SelectMany(entry => entry.Schema["x-kubernetes-validations"]?.AsArray() ?? []).Select(rule => rule!.AsObject());

    private static string Completed(JsonNode run) => ManifestReader.Write(RunDefaults.Apply(Read(run)));

    private static ContinualRun Read(JsonNode run) => JsonSerializer.Deserialize(run.ToJsonString(), ApiJson.Default.ContinualRun)!;
}

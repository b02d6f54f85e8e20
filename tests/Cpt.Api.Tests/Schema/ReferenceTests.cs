using System.Reflection;
using System.Text.Json.Nodes;
using Cpt.Api.Reading;
using Cpt.Api.Schema;
using Cpt.Api.Schema.Reference;

namespace Cpt.Api.Tests.Schema;

/// <summary>What the generated reference rests on: that every field has a comment and an example, and every word a meaning.</summary>
public sealed class ReferenceTests
{
    private static readonly Documentation s_documentation = Documentation.Load();

    public static TheoryData<string> Leaves => [.. Below(typeof(ContinualRunSpec), "spec").Concat(Below(typeof(ContinualRunStatus), "status")).Select(leaf => leaf.Path)];

    /// <summary>A field that is new here gets its example in ReferenceSample.</summary>
    [Theory]
    [MemberData(nameof(Leaves))]
    public void EveryFieldHasAnExample(string path) => Assert.NotNull(new ReferenceSample().Value(path));

    [Fact]
    public void TheExamplesAreWhatTheStrictReaderTakes()
    {
        var sample = JsonNode.Parse(ReferenceSample.Json)!.AsObject();
        sample.Remove("status");

        var errors = Assert.Throws<ManifestException>(() => ManifestReader.Read(sample.ToJsonString(), "the sample")).Errors;

        // Six are wrong by intent, since each of two fields that exclude each other needs an example: steps and epochs, packed samples and RFT, self-distillation and RFT, frozen weights and a LoRA, one task and several, terms of SFT and RFT, of weights and a LoRA.
        string[] byIntent = ["parameters.epochs", "parameters.packSequences", ".selfDistillation", ".freeze", ".tasks", ".instanceFilter", ".lwf", ".ewc"];
        Assert.All(errors, error => Assert.True(
            byIntent.Any(path => error.Path.EndsWith(path, StringComparison.Ordinal)) || error.Path.Contains("replay", StringComparison.Ordinal), error.ToString()));
        Assert.NotNull(System.Text.Json.JsonSerializer.Deserialize(JsonNode.Parse(ReferenceSample.Json)!["status"], ApiJson.Default.ContinualRunStatus));
    }

    [Fact]
    public void EveryFieldHasAComment() => Assert.Empty(
        Below(typeof(ContinualRunSpec), "spec").Concat(Below(typeof(ContinualRunStatus), "status"))
            .Where(field => field.Member is not null && string.IsNullOrEmpty(s_documentation.Of(field.Member))).Select(field => field.Path));

    [Fact]
    public void EveryReasonConditionAndLabelHasAMeaning() => Assert.Empty(
        new[] { typeof(Reasons), typeof(ConditionTypes), typeof(Labels), typeof(Annotations), typeof(Finalizers) }
            .SelectMany(Constants).Where(constant => string.IsNullOrEmpty(s_documentation.Of(constant))).Select(constant => constant.Name));

    [Fact]
    public void EveryReasonBelongsToACondition()
    {
        Assert.Equal(Constants(typeof(Reasons)).Select(constant => constant.Name).Order(StringComparer.Ordinal), Reasons.ByCondition.SelectMany(entry => entry.Reasons).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Equal(Constants(typeof(ConditionTypes)).Select(constant => constant.Name).Order(StringComparer.Ordinal), Reasons.ByCondition.Select(entry => entry.Condition).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryFieldStandsOnThePageInATableOfItsObject()
    {
        var page = ReferencePage.ToMarkdown(typeof(NoCodes));

        Assert.All(Below(typeof(ContinualRunSpec), "spec").Concat(Below(typeof(ContinualRunStatus), "status")), field =>
        {
            var (parent, name) = (field.Path[..field.Path.LastIndexOf('.')], field.Path[(field.Path.LastIndexOf('.') + 1)..]);
            var table = page.Split($"# {parent}\n")[1].Split("\n#")[0];
            Assert.Contains($"\n| `{name}` |", table, StringComparison.Ordinal);
        });
    }

    private static IEnumerable<FieldInfo> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral);

    /// <summary>Fields that are no objects of ours; a stage's template is the run's once more.</summary>
    private static IEnumerable<(string Path, MemberInfo? Member)> Below(Type type, string path)
    {
        foreach (var field in Field.Of(type))
        {
            var item = Field.ItemType(field.Type);
            var inner = $"{path}.{field.Name}{(item is null ? "" : "[]")}";
            if (inner == "spec.stages[].parameters")
            {
                foreach (var key in StageParameters.Rules.Keys)
                {
                    yield return ($"{inner}.{key}", null);
                }
            }
            else if (inner != "spec.stages[].template" && Field.IsObject(item ?? field.Type))
            {
                foreach (var found in Below(item ?? field.Type, inner))
                {
                    yield return found;
                }
            }
            else
            {
                yield return ($"{path}.{field.Name}", (MemberInfo)field.Property.AttributeProvider!);
            }
        }
    }

    private static class NoCodes;
}

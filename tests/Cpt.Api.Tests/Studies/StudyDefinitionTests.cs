using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api.Reading;
using Cpt.Api.Schema;
using Cpt.Api.Schema.Reference;
using Cpt.Tests.Cluster;

namespace Cpt.Api.Tests.Studies;

/// <summary>What a server and a reader are told of a study.</summary>
public sealed class StudyDefinitionTests
{
    private static readonly JsonNode s_schema = JsonNode.Parse(StudyDefinition.ToJson().ToJsonString())!["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!;
    private static readonly Documentation s_documentation = Documentation.Load();

    [Fact]
    public void TheCommittedFileIsWhatTheProgramGenerates() => Assert.Equal(StudyDefinition.ToYaml(), File.ReadAllText(RunDefinitions.StudyPath));

    [Fact]
    public void TheBaseHasTheFieldsOfARunWithoutDefaultsAndWithoutRules()
    {
        var run = RunDefinition.ToJson()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;
        var written = s_schema["properties"]!["spec"]!["properties"]!["base"]!;
        Assert.Equal(run["properties"]!.AsObject().Select(field => field.Key), written["properties"]!.AsObject().Select(field => field.Key));
        Assert.Equal(
            run["properties"]!["stages"]!["items"]!["properties"]!["parameters"]!["properties"]!.AsObject().Select(field => field.Key),
            written["properties"]!["stages"]!["items"]!["properties"]!["parameters"]!["properties"]!.AsObject().Select(field => field.Key));
        // A default would be there before a patch, and a seed of the server's own would be refused.
        Assert.DoesNotContain("\"default\":", s_schema.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("oldSelf", s_schema.ToJsonString(), StringComparison.Ordinal);
        Assert.Null(written["properties"]!["stages"]!["items"]!["x-kubernetes-validations"]);
    }

    [Fact]
    public void APatchIsFree() => Assert.True((bool)s_schema["properties"]!["spec"]!["properties"]!["variants"]!["items"]!["properties"]!["patch"]!["x-kubernetes-preserve-unknown-fields"]!);

    [Fact]
    public void EveryFieldHasACommentAndAnExample()
    {
        var sample = new ReferenceSample(StudySample.Json);
        var fields = Below(typeof(ContinualStudySpec), "spec").Concat(Below(typeof(ContinualStudyStatus), "status")).ToList();
        Assert.True(fields.Count > 30, $"{fields.Count} fields");
        Assert.Empty(fields.Where(field => string.IsNullOrEmpty(s_documentation.Of(field.Member))).Select(field => field.Path));
        Assert.Empty(fields.Where(field => sample.Value(field.Path) is null).Select(field => field.Path));
    }

    [Fact]
    public void TheSampleIsAValidStudy()
    {
        var sample = JsonNode.Parse(StudySample.Json)!.AsObject();
        Assert.Equal("sft", ManifestReader.ReadStudy(sample.ToJsonString(), "the sample").Spec.Baseline);
        Assert.Equal("3/6", sample["status"].Deserialize(ApiJson.Default.ContinualStudyStatus)!.RunsDone);
    }

    [Fact]
    public void EveryReasonHasAMeaningBelongsToAConditionAndStandsOnThePage()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "studies.md"));
        var constants = typeof(StudyReasons).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).ToList();
        Assert.Empty(constants.Where(constant => string.IsNullOrEmpty(s_documentation.Of(constant))).Select(constant => constant.Name));
        Assert.Equal(constants.Select(constant => constant.Name).Order(StringComparer.Ordinal), StudyReasons.ByCondition.SelectMany(entry => entry.Reasons).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.All(StudyReasons.ByCondition.Where(entry => entry.Condition == ConditionTypes.Succeeded).SelectMany(entry => entry.Reasons), reason => Assert.Contains($"`{reason}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void TheManifestOnThePageIsValid()
    {
        var block = File.ReadAllText(Path.Combine(Repository.Root, "docs", "studies.md")).Split("```yaml\n")[1].Split("```")[0];
        Assert.Equal(6, StudyText.Runs(block).Count);
    }

    private static IEnumerable<(string Path, MemberInfo Member)> Below(Type type, string path)
    {
        foreach (var field in Field.Of(type).Where(field => field.Type != typeof(ContinualRunSpec)))
        {
            var item = Field.ItemType(field.Type);
            var inner = $"{path}.{field.Name}{(item is not null && Field.IsObject(item) ? "[]" : "")}";
            yield return (inner, (MemberInfo)field.Property.AttributeProvider!);
            if (!field.FreeForm && Field.IsObject(item ?? field.Type))
            {
                foreach (var leaf in Below(item ?? field.Type, inner))
                {
                    yield return leaf;
                }
            }
        }
    }
}

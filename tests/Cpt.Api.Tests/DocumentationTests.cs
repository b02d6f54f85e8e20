using Cpt.Api.Reading;

namespace Cpt.Api.Tests;

/// <summary>docs/api.md shows what is true.</summary>
public sealed class DocumentationTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "api.md"));

    [Fact]
    public void EveryManifestOnThePageIsValid()
    {
        var blocks = s_page.Split("```yaml\n").Skip(1).Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)]).ToList();
        Assert.Equal(2, blocks.Count);
        Assert.All(blocks, block => Assert.NotEmpty(ManifestReader.Read(block, "docs/api.md").Spec.Stages));
    }

    [Fact]
    public void EveryParameterReasonAndStateIsOnThePage()
    {
        string[] names =
        [
            .. StageParameters.Rules.Keys,
            .. typeof(RftSettings).GetProperties().Where(property => property.Name != "EqualityContract").Select(property => Camel(property.Name)),
            .. Field.EnumNames(typeof(GateMetric)).Keys,
            .. Enum.GetNames<StageState>(),
            .. Field.Of(typeof(ContinualRunSpec)).Select(field => field.Name),
        ];
        Assert.All(names, name => Assert.Contains(name, s_page, StringComparison.Ordinal));
    }

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}

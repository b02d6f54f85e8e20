namespace Cpt.Api.Tests;

/// <summary>The pages about runs show what is true.</summary>
public sealed class DocumentationTests
{
    [Theory]
    [InlineData("api.md", 1)]
    [InlineData("researchers.md", 2)]
    public void EveryManifestOnAPageIsValid(string page, int manifests)
    {
        var blocks = File.ReadAllText(Path.Combine(Repository.Root, "docs", page)).Split("```yaml\n").Skip(1).Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)]).ToList();

        Assert.Equal(manifests, blocks.Count);
        Assert.All(blocks, block => Assert.Empty(RunValidator.Validate(ManifestReader.Read(block, page))));
    }
}

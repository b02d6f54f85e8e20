using System.Text.Json.Nodes;

namespace Cpt.Kubernetes.Tests;

public sealed class PatchTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""", null)]
    [InlineData("""{"a":1}""", """{"a":2}""", """{"a":2}""")]
    [InlineData("""{"a":1,"b":2}""", """{"b":2}""", """{"a":null}""")]
    [InlineData("""{"a":null}""", """{}""", null)]
    [InlineData("""{"a":{"b":1,"c":2}}""", """{"a":{"b":1,"c":3}}""", """{"a":{"c":3}}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{}}""", """{"a":{"b":null}}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":7}""", """{"a":7}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[1,2,3]}""", """{"a":[1,2,3]}""")]
    [InlineData("""{}""", """{"a":{"b":1}}""", """{"a":{"b":1}}""")]
    public void TheDifferenceIsTheSmallestMergePatch(string before, string after, string? patch) =>
        Assert.Equal(patch, MergeDifference.Between(JsonNode.Parse(before)!.AsObject(), JsonNode.Parse(after)!.AsObject())?.ToJsonString());

    [Fact]
    public void NothingToChangeIsNoPatch() => Assert.Null(Patch.Between(Widget.Named("w", "n"), Widget.Named("w", "n"), TestJson.Default.Widget));

    [Fact]
    public void APatchMayBeTiedToTheVersionThatWasRead()
    {
        var before = Widget.Named("w", "n", new() { Color = "red" });
        before.Metadata.ResourceVersion = "12";
        var after = before with { Spec = new() { Color = "blue" } };
        Assert.Equal(
            """{"spec":{"color":"blue"},"metadata":{"resourceVersion":"12"}}""",
            Patch.Between(before, after, TestJson.Default.Widget, onlyIfUnchanged: true)!.ToString());
    }

    [Fact]
    public void PointersEscapeSlashesAndTildes() => Assert.Equal("/metadata/annotations/a~1b~0c", JsonPatch.Pointer("metadata", "annotations", "a/b~c"));
}

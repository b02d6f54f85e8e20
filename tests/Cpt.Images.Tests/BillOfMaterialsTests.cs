using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json.Nodes;

namespace Cpt.Images.Tests;

/// <summary>The bill of materials says what is in the image: no more, no less, in the versions that are there.</summary>
[Trait("Category", "Images")]
public sealed class BillOfMaterialsTests(BuiltImages images)
{
    public static TheoryData<string, string> Ours => new() { { "operator", "cpt-operator" }, { "trainer-cpu", "cpt-trainer" } };

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task ItListsTheNuGetPackagesThatTheProgramIsMadeOf(string target, string program)
    {
        var image = await images.GetAsync(target);
        var made = JsonNode.Parse(image.Text($"app/{program}.deps.json"))!["libraries"]!.AsObject()
            .Where(library => (string?)library.Value!["type"] == "package").Select(library => library.Key).Order(StringComparer.Ordinal);
        var listed = Components(image, program, "pkg:nuget/").Where(component => (string?)component["type"] == "library").Select(component => $"{component["name"]}/{component["version"]}");
        Assert.Equal(made, listed.Order(StringComparer.Ordinal));
        Assert.All(Components(image, program, "pkg:nuget/"), component => Assert.NotEmpty(component["licenses"]!.AsArray()));
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task TheVersionOfAPackageIsThatOfItsAssembly(string target, string program)
    {
        var image = await images.GetAsync(target);
        using var assembly = new PEReader(new MemoryStream(image.Read("app/Azure.Storage.Blobs.dll")));
        var version = assembly.GetMetadataReader().GetAssemblyDefinition().Version;
        Assert.Equal($"{version.Major}.{version.Minor}.{version.Build}", (string?)Assert.Single(Components(image, program, "pkg:nuget/Azure.Storage.Blobs@"))["version"]);
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task ItListsTheDebianPackagesThatFilesComeFrom(string target, string program)
    {
        var image = await images.GetAsync(target);
        var there = image.Files.Keys.Where(path => path.StartsWith("var/lib/dpkg/status.d/", StringComparison.Ordinal))
            .Select(path => image.Text(path).Split('\n')).Select(lines => $"{Field(lines, "Package")} {Field(lines, "Version")}").Order(StringComparer.Ordinal);
        var listed = Components(image, program, "pkg:deb/debian/").Select(component => $"{component["name"]} {component["version"]}");
        Assert.Equal(there, listed.Order(StringComparer.Ordinal));

        static string Field(string[] lines, string name) => lines.Single(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];
    }

    [Fact]
    public async Task ItSaysWhichLibtorchTheTrainerRunsOnAndUnderWhatLicence()
    {
        var torch = Assert.Single(Components(await images.GetAsync("trainer-cpu"), "cpt-trainer", "pkg:deb/debian/libtorch1.13@"));
        Assert.StartsWith("1.13.", (string?)torch["version"], StringComparison.Ordinal);
        Assert.Contains("BSD-3-Clause", torch["licenses"]!.AsArray().Select(licence => (string?)licence!["license"]!["id"]));
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task ItListsTheRuntimeThatIsThere(string target, string program)
    {
        var image = await images.GetAsync(target);
        var runtime = Assert.Single(Components(image, program, "pkg:nuget/Microsoft.NETCore.App.Runtime@"));
        Assert.Contains($"usr/share/dotnet/shared/Microsoft.NETCore.App/{runtime["version"]}/System.Private.CoreLib.dll", image.Files.Keys);
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task ItLiesBesideTheArchiveAndFollowsThePublishedSchema(string target, string program)
    {
        var image = await images.GetAsync(target);
        var beside = Path.ChangeExtension(image.Path, ".cdx.json");
        Assert.Equal(image.Text(Place(program)), await File.ReadAllTextAsync(beside, TestContext.Current.CancellationToken));

        var tools = await Script.RunAsync(Path.Combine(Repository.Root, "eng", "fetch-cyclonedx.sh"), []);
        Assert.True(tools.ExitCode == 0, tools.ToString());
        var verdict = await Script.RunAsync("node", [Path.Combine(Repository.Root, "tests", "Cpt.Images.Tests", "validate-bom.mjs"), tools.Output.Trim(), beside]);
        Assert.Equal((0, "valid\n"), (verdict.ExitCode, verdict.Output + verdict.Errors));
    }

    private static string Place(string program) => $"usr/share/sbom/{program}.cdx.json";

    private static IEnumerable<JsonNode> Components(ImageArchive image, string program, string prefix) =>
        JsonNode.Parse(image.Text(Place(program)))!["components"]!.AsArray().Where(component => ((string?)component!["purl"])!.StartsWith(prefix, StringComparison.Ordinal))!;
}

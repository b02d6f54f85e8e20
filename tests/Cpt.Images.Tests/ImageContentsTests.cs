using System.Formats.Tar;

namespace Cpt.Images.Tests;

/// <summary>What lies in an image, and what must not.</summary>
[Trait("Category", "Images")]
public sealed class ImageContentsTests(BuiltImages images)
{
    private static readonly byte[] s_elf = [0x7f, .. "ELF"u8];

    public static TheoryData<string> Ours => ["operator", "trainer-cpu"];

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task ItsOnlyProgramsAreDotnetAndOurs(string target)
    {
        var image = await images.GetAsync(target);
        var programs = image.Files.Values
            .Where(file => file.IsRegular && (file.Mode & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None)
            .Where(file => !file.Name.Contains(".so", StringComparison.Ordinal) || !file.Start.AsSpan().StartsWith(s_elf))
            // NuGet packages are unpacked with the bit set on everything.
            .Where(file => file.Start.AsSpan().StartsWith(s_elf) || file.Start.AsSpan().StartsWith("#!"u8))
            .Select(file => file.Name)
            .Order(StringComparer.Ordinal);
        // createdump is part of the .NET runtime.
        Assert.Equal([target == "operator" ? "cpt-operator" : "cpt-trainer", "createdump", "dotnet"], programs);
    }

    [Theory]
    [InlineData("operator", "1654:1654", "/app/cpt-operator")]
    [InlineData("trainer-cpu", "65532:65532", "/app/cpt-trainer")]
    public async Task ItRunsAsANumberedUserThatIsNotRoot(string target, string user, string program)
    {
        var configuration = (await images.GetAsync(target)).Configuration["config"]!;
        Assert.Equal(user, (string?)configuration["User"]);
        Assert.Equal(program, (string?)configuration["Entrypoint"]![0]);
        Assert.Contains("DOTNET_GCgen0size=0x400000", configuration["Env"]!.AsArray().Select(value => (string?)value));
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task ItsLabelsSayWhatItIs(string target)
    {
        var image = await images.GetAsync(target);
        Assert.Equal("Apache-2.0", image.Label("org.opencontainers.image.licenses"));
        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", image.Label("org.opencontainers.image.version"));
        Assert.Matches("^([0-9a-f]{40})?$", image.Label("org.opencontainers.image.revision"));
        Assert.StartsWith("https://", image.Label("org.opencontainers.image.source"), StringComparison.Ordinal);
        Assert.StartsWith("CPT ", image.Label("org.opencontainers.image.title"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task NoFileLendsRightsOrMayBeChangedByEverybody(string target)
    {
        var files = (await images.GetAsync(target)).Files.Values.Where(file => file.Type != TarEntryType.SymbolicLink).ToList();
        Assert.DoesNotContain(files, file => (file.Mode & (UnixFileMode.SetUser | UnixFileMode.SetGroup)) != UnixFileMode.None);
        Assert.Equal(["tmp", "work"], files.Where(file => (file.Mode & UnixFileMode.OtherWrite) != UnixFileMode.None).Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(files, file => file.User != 0);
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task NoSourceNoSymbolsAndNoKeysAreInIt(string target)
    {
        string[] endings = [".cs", ".csproj", ".pdb", ".cpp", ".h", ".a", ".o", ".key", ".pfx", ".p12", ".kubeconfig", ".gitignore", "NuGet.Config", ".env", ".npmrc", ".netrc"];
        string[] folders = [".git/", "obj/", ".nuget/", "root/", ".ssh/", ".docker/", ".azure/"];
        var files = (await images.GetAsync(target)).Files.Keys;
        Assert.DoesNotContain(files, path => Array.Exists(endings, ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));
        Assert.DoesNotContain(files, path => Array.Exists(folders, folder => ("/" + path).Contains("/" + folder, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task TheLicenceOfEachPackageIsInIt(string target)
    {
        var image = await images.GetAsync(target);
        var packages = image.Files.Keys.Where(path => path.StartsWith("var/lib/dpkg/status.d/", StringComparison.Ordinal)).Select(path => Path.GetFileName(path)!).ToList();
        Assert.Contains("libc6", packages);
        Assert.All(packages, package => Assert.Contains($"usr/share/doc/{package}/copyright", image.Files.Keys));
    }
}

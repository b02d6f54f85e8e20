using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Cpt.Architecture.Tests;

/// <summary>Reads the compiled assemblies' references: a room may know only the rooms its arrow points to.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Cpt.Contract"] = [],
        ["Cpt.Api"] = [],
        ["Cpt.Kubernetes"] = [],
        ["Cpt.Metrics"] = [],
        ["Cpt.Tasks"] = [],
        ["Cpt.Torch"] = [],
        ["Cpt.Planning"] = ["Cpt.Api", "Cpt.Contract"],
        ["Cpt.Models"] = ["Cpt.Torch"],
        ["Cpt.Storage"] = ["Cpt.Contract"],
        ["Cpt.Training"] = ["Cpt.Contract", "Cpt.Models", "Cpt.Tasks", "Cpt.Torch"],
        ["cpt-trainer"] = ["Cpt.Contract", "Cpt.Metrics", "Cpt.Models", "Cpt.Storage", "Cpt.Tasks", "Cpt.Torch", "Cpt.Training"],
        ["Cpt.Controllers"] = ["Cpt.Kubernetes", "Cpt.Metrics"],
        // A run as both ways of running it share it: in storage, and as an object of the cluster.
        ["Cpt.Runs"] = ["Cpt.Api", "Cpt.Contract", "Cpt.Kubernetes", "Cpt.Planning", "Cpt.Storage", "Cpt.Tasks"],
        ["Cpt.StandIn"] = ["Cpt.Api", "Cpt.Contract", "Cpt.Kubernetes", "Cpt.Storage"],
        ["cpt-operator"] = ["Cpt.Api", "Cpt.Contract", "Cpt.Controllers", "Cpt.Kubernetes", "Cpt.Planning", "Cpt.Runs", "Cpt.Storage", "Cpt.Tasks"],
        ["cpt"] = ["Cpt.Api", "Cpt.Contract", "Cpt.Kubernetes", "Cpt.Models", "Cpt.Planning", "Cpt.Runs", "Cpt.StandIn", "Cpt.Storage", "Cpt.Tasks", "Cpt.Torch", "Cpt.Training"],
    };

    public static TheoryData<string> Rooms => [.. s_allowed.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void ARoomKnowsOnlyTheRoomsItsArrowsPointTo(string room)
    {
        var known = ReferencesOf(room).Where(s_allowed.ContainsKey);
        Assert.Empty(known.Except(s_allowed[room], StringComparer.Ordinal));
    }

    [Fact]
    public void EveryRoomUnderSrcIsHeldByThisTest()
    {
        var projects = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Select(name => name switch { "Cpt.Trainer" => "cpt-trainer", "Cpt.Cli" => "cpt", "Cpt.Operator" => "cpt-operator", _ => name });
        Assert.Empty(projects.Except(s_allowed.Keys, StringComparer.Ordinal));
    }

    [Fact]
    public void ThePlannerDoesNoInputOrOutput()
    {
        string[] forbidden = ["System.Net.Http", "System.Net.Sockets", "System.Diagnostics.Process", "System.IO.FileSystem", "System.Threading.Timer"];
        Assert.Empty(ReferencesOf("Cpt.Planning").Intersect(forbidden, StringComparer.Ordinal));
    }

    private static IEnumerable<string> ReferencesOf(string room)
    {
        using var stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, room + ".dll"));
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}

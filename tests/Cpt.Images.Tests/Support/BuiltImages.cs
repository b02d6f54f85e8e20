using System.Runtime.Versioning;
using Cpt.Images.Tests;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(BuiltImages))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Cpt.Images.Tests;

/// <summary>Each image is built by the script that users start, once for all tests; what an earlier run has built of the same sources is taken.</summary>
public sealed class BuiltImages : IDisposable
{
    private readonly Dictionary<string, ImageArchive> _images = new(StringComparer.Ordinal);

    internal async Task<ImageArchive> GetAsync(string target)
    {
        if (_images.TryGetValue(target, out var image))
        {
            return image;
        }

        SkipWhereNothingCanBeBuilt();
        var build = await Script.ImagesAsync("build.sh", target);
        Assert.True(build.ExitCode == 0, build.ToString());
        return _images[target] = ImageArchive.Open(Path.Combine(Repository.Root, "artifacts", "images", target + ".tar"));
    }

    internal static void SkipWhereNothingCanBeBuilt() =>
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "building images without Docker mounts file systems, which needs root; run the tests as root to have these");

    public void Dispose() => _images.Clear();
}

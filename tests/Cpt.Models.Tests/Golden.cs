namespace Cpt.Models.Tests;

/// <summary>Reference values made with transformers; their origin stands in tests/data/golden/README.md.</summary>
internal static class Golden
{
    public static string Path(params string[] parts) => System.IO.Path.Combine([Repository.Root, "tests", "data", "golden", .. parts]);
}

using System.Text.Json.Nodes;

namespace Cpt.Training.Tests;

/// <summary>Reference values under tests/data/golden (see its README).</summary>
internal static class Golden
{
    public static JsonObject Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "data", "golden", name)))!.AsObject();

    public static double[] Row(this JsonNode? node) => [.. node!.AsArray().Select(value => value!.GetValue<double>())];

    public static double[][] Rows(this JsonNode? node) => [.. node!.AsArray().Select(row => row.Row())];

    public static void AreClose(ReadOnlySpan<double> expected, ReadOnlySpan<double> found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(expected[i] - found[i]);
            Assert.True(difference <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"at {i}: expected {expected[i]}, found {found[i]}");
        }
    }
}

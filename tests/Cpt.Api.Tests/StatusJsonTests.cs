using System.Text.Json;

namespace Cpt.Api.Tests;

public sealed class StatusJsonTests
{
    private static readonly MatrixStatus s_matrix = new()
    {
        Tasks = ["a", "b"],
        Rows = [new() { After = "", Tasks = ["12.50", ""] }, new() { After = "a", Tasks = ["97.66", "41.80"] }],
    };

    [Fact]
    public void ARowOfTheMatrixIsOneTextAndComesBackCellForCell()
    {
        var text = JsonSerializer.Serialize(new ContinualRunStatus { Matrix = s_matrix }, ApiJson.Default.ContinualRunStatus);
        Assert.Contains("""{"after":"","tasks":"12.50 -","benchmarks":""},{"after":"a","tasks":"97.66 41.80","benchmarks":""}""", text, StringComparison.Ordinal);
        Same(s_matrix, Read(text));
    }

    [Fact]
    public void RowsOfEarlierVersionsWereLists() =>
        Same(s_matrix, Read("""{"matrix":{"tasks":["a","b"],"rows":[{"after":"","tasks":["12.50",""],"benchmarks":[]},{"after":"a","tasks":["97.66","41.80"]}]}}"""));

    [Theory]
    [InlineData("\"sft\"")]
    [InlineData("1")]
    [InlineData("\"SFT, RFT\"")]
    public void AWordIsReadOnlyAsItIsWritten(string method) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"stages":[{"name":"a","method":{{method}},"state":"Running"}]}""", ApiJson.Default.ContinualRunStatus));

    private static MatrixStatus Read(string text) => JsonSerializer.Deserialize(text, ApiJson.Default.ContinualRunStatus)!.Matrix!;

    private static void Same(MatrixStatus expected, MatrixStatus read)
    {
        Assert.Equal(expected.Tasks, read.Tasks);
        Assert.Equal(expected.Rows.Select(row => (row.After, string.Join('|', row.Tasks), row.Benchmarks.Count)), read.Rows.Select(row => (row.After, string.Join('|', row.Tasks), row.Benchmarks.Count)));
    }
}

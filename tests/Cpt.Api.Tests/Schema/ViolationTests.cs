namespace Cpt.Api.Tests.Schema;

/// <summary>What the schema forbids the API server refuses, naming the field; and the operator refuses the same, for servers that never had this schema.</summary>
public sealed class ViolationTests(ApiServer server)
{
    [Fact]
    public void TheSampleBreaksNoRuleOfItsOwn() =>
        Assert.Empty(RunJson.OperatorRefuses(RunJson.Of(RunJson.Everything)));

    [Fact]
    public void TheOperatorRefusesWhateverTheSchemaForbidsAndNamesTheField()
    {
        var violations = Violation.All();
        Assert.True(violations.Count > 350, $"{violations.Count} rules are broken, one at a time");
        Assert.Empty(violations.Where(violation => !Names(violation, RunJson.OperatorRefuses(violation.Run)))
            .Select(violation => $"{violation}: {string.Join(" ", RunJson.OperatorRefuses(violation.Run))}"));
    }

    [Fact]
    [Trait("Category", "Cluster")]
    public async Task TheServerRefusesWhateverTheSchemaForbidsAndNamesTheField()
    {
        var @namespace = await server.StartAsync();
        Assert.Null(await server.RefusalAsync(@namespace, RunJson.Of(RunJson.Everything)));
        var wrong = new List<string>();
        foreach (var violation in Violation.All())
        {
            var refusal = await server.RefusalAsync(@namespace, violation.Run);
            if (refusal is not { IsInvalid: true } || !Names(violation, refusal.Causes.Select(cause => RunJson.WithoutIndexes(cause.Field ?? ""))))
            {
                wrong.Add($"{violation}: {refusal?.Message ?? "was taken"}");
            }
        }

        Assert.Empty(wrong);
    }

    private static bool Names(Violation violation, IEnumerable<string> paths) => paths.Any(path => violation.Path.Split('|').Contains(path, StringComparer.Ordinal));
}

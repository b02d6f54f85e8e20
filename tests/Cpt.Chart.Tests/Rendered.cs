using System.Text.Json.Nodes;

namespace Cpt.Chart.Tests;

/// <summary>What the chart makes of some values.</summary>
internal sealed record Rendered(string Text, IReadOnlyList<JsonObject> Objects)
{
    /// <param name="values">As for <c>--set</c>; one that starts with <c>--</c> is an option of its own.</param>
    public static Task<Rendered> ByAsync(params string[] values) => OfAsync(Helm.Chart, values);

    public static async Task<Rendered> OfAsync(string chart, params string[] values)
    {
        string[] options = [.. values.SelectMany(value => value.StartsWith("--", StringComparison.Ordinal) ? (string[])[value] : ["--set", value])];
        var text = await Helm.OutputAsync(null, ["template", "cpt-operator", chart, "--namespace", "cpt-system", .. options]);
        return new(text, Yaml.Documents(text));
    }

    public IEnumerable<JsonObject> All(string kind) => Objects.Where(item => (string?)item["kind"] == kind);

    public JsonObject One(string kind, string? name = null) => Assert.Single(All(kind), item => name is null || NameOf(item) == name);

    public static string NameOf(JsonObject item) => (string)item["metadata"]!["name"]!;

    public JsonObject Pod => One("Deployment")["spec"]!["template"]!.AsObject();

    public JsonObject Container => Pod["spec"]!["containers"]![0]!.AsObject();

    public string? Variable(string name) => (string?)Container["env"]!.AsArray().Select(entry => entry!.AsObject()).SingleOrDefault(entry => (string?)entry["name"] == name)?["value"];
}

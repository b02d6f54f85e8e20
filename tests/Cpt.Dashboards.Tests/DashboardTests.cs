using System.Text.Json;

namespace Cpt.Dashboards.Tests;

/// <summary>What a person expects of every panel, whatever it shows.</summary>
public sealed class DashboardTests
{
    /// <summary>Grafana's names of the units that are used; a wrong one would be shown as text behind the number.</summary>
    private static readonly string[] s_units = ["none", "percent", "percentunit", "s", "h", "bytes", "ops", "reqps", "sci"];

    public static TheoryData<string> Dashboards => [.. DashboardQueries.Names];

    public static TheoryData<string, string> Panels => [.. DashboardQueries.Files.SelectMany(file => PanelsOf(Read(file))
        .Select(panel => new TheoryDataRow<string, string>(Path.GetFileNameWithoutExtension(file), Text(panel, "title"))))];

    [Theory]
    [MemberData(nameof(Panels))]
    public void EveryPanelSaysWhatItShowsAndInWhichUnit(string dashboard, string title)
    {
        var panel = Assert.Single(PanelsOf(Read(dashboard)), panel => Text(panel, "title") == title);

        Assert.Matches(@"^[A-Z].{30,}\.$", Text(panel, "description"));
        Assert.Contains(Text(panel.GetProperty("fieldConfig").GetProperty("defaults"), "unit"), s_units);
        var targets = panel.GetProperty("targets").EnumerateArray().ToList();
        Assert.NotEmpty(targets);
        Assert.Equal(targets.Count, targets.Select(target => Text(target, "refId")).Distinct(StringComparer.Ordinal).Count());
        if (Text(panel, "type") is not "table" and not "barchart")
        {
            Assert.All(targets, target => Assert.NotEmpty(Text(target, "legendFormat")));
        }
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void PanelsLieBesideEachOther(string dashboard)
    {
        var taken = new Dictionary<(int X, int Y), string>();
        foreach (var panel in Read(dashboard).GetProperty("panels").EnumerateArray())
        {
            var place = panel.GetProperty("gridPos");
            var (x, y, width, height) = (Number(place, "x"), Number(place, "y"), Number(place, "w"), Number(place, "h"));
            Assert.InRange(x + width, 1, 24);
            foreach (var cell in Enumerable.Range(x, width).SelectMany(column => Enumerable.Range(y, height).Select(row => (column, row))))
            {
                Assert.True(taken.TryAdd(cell, Text(panel, "title")), $"{Text(panel, "title")} and {taken[cell]} both lie at {cell}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void ADashboardIsTiedToNoDataSourceAndToItsOwnAddress(string dashboard)
    {
        var root = Read(dashboard);

        Assert.Equal("cpt-" + dashboard, Text(root, "uid"));
        Assert.All(DataSources(root), uid => Assert.Contains(uid, (string[])["${datasource}", "-- Grafana --"]));
        Assert.Equal(["datasource"], root.GetProperty("templating").GetProperty("list").EnumerateArray().Where(variable => Text(variable, "type") == "datasource").Select(variable => Text(variable, "name")));
        Assert.Equal("cpt", Assert.Single(root.GetProperty("tags").EnumerateArray()).GetString());
        var ids = root.GetProperty("panels").EnumerateArray().Select(panel => Number(panel, "id")).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void LinksLeadToTheOtherDashboardAndToPagesThatExist(string dashboard)
    {
        var links = Read(dashboard).GetProperty("links").EnumerateArray().ToList();

        Assert.Contains(links, link => Text(link, "type") == "dashboards" && link.GetProperty("tags")[0].GetString() == "cpt");
        Assert.All(
            links.Where(link => Text(link, "type") == "link"),
            link => Assert.True(Path.Exists(Path.Combine(Repository.Root, Text(link, "url").Split("/blob/main/")[1])), $"{Text(link, "url")} leads to nothing"));
        var own = DashboardQueries.Files.Select(file => "/d/cpt-" + Path.GetFileNameWithoutExtension(file)).ToList();
        Assert.All(Urls(Read(dashboard)).Where(url => url.StartsWith("/d/", StringComparison.Ordinal)), url => Assert.Contains(url.Split('?')[0], own));
    }

    private static JsonElement Read(string dashboard) =>
        JsonDocument.Parse(File.ReadAllText(dashboard.EndsWith(".json", StringComparison.Ordinal) ? dashboard : Path.Combine(DashboardQueries.Folder, dashboard + ".json"))).RootElement;

    private static IEnumerable<JsonElement> PanelsOf(JsonElement root) => root.GetProperty("panels").EnumerateArray().Where(panel => Text(panel, "type") != "row");

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static IEnumerable<string> DataSources(JsonElement element) => Everywhere(element, "datasource").Where(source => source.ValueKind == JsonValueKind.Object).Select(source => Text(source, "uid"));

    private static IEnumerable<string> Urls(JsonElement element) => Everywhere(element, "url").Select(url => url.GetString() ?? "");

    private static IEnumerable<JsonElement> Everywhere(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => property.Name == name ? [property.Value] : Everywhere(property.Value, name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Everywhere(item, name)),
        _ => [],
    };
}

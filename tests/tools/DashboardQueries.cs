using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cpt.Tests;

/// <summary>One question that a dashboard asks Prometheus.</summary>
/// <param name="Dashboard">Its file's name without the ending.</param>
/// <param name="Panel">The panel's title, or what else asks: <c>variable run</c>, <c>annotation Stages begin</c>.</param>
/// <param name="RefId">Which of the panel's questions.</param>
/// <param name="Expression">With every variable replaced, as Grafana would send it.</param>
/// <param name="Instant">Asked once, now, instead of over the time shown.</param>
internal sealed record DashboardQuery(string Dashboard, string Panel, string RefId, string Expression, bool Instant)
{
    public override string ToString() => $"{Dashboard}: {Panel} ({RefId}): {Expression}";
}

/// <summary>What Grafana would put in place of variables.</summary>
internal sealed record DashboardVariables
{
    /// <summary>By name, without the dollar. A variable that is not named here stands for all its values.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Grafana: four times the scrape interval of the data source, or more.</summary>
    public string RateInterval { get; init; } = "1m";

    /// <summary>The time shown.</summary>
    public TimeSpan Range { get; init; } = TimeSpan.FromMinutes(15);

    public TimeSpan Step { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// The questions that dashboards ask, put to a Prometheus without a Grafana: which panels would stay empty? Some do until what they show has happened (a retry, a run that needs somebody), or
/// stay so where the machine lacks it; a test says which of those it allows.
/// </summary>
internal static partial class DashboardQueries
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "charts", "cpt-operator", "dashboards");

    public static IEnumerable<string> Files => Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal);

    public static IEnumerable<string> Names => Files.Select(file => Path.GetFileNameWithoutExtension(file));

    /// <summary>Panels, then variables, then annotations, of every dashboard of the chart.</summary>
    public static IReadOnlyList<DashboardQuery> Read(DashboardVariables? variables = null) => [.. Files.SelectMany(file => Read(file, variables ?? new()))];

    /// <summary>Panels all of whose questions are answered with nothing, or with nothing that is a number.</summary>
    public static async Task<IReadOnlyList<DashboardQuery>> UnansweredAsync(Uri prometheus, DashboardVariables variables, CancellationToken cancellation = default)
    {
        using var http = new HttpClient { BaseAddress = prometheus };
        var unanswered = new List<DashboardQuery>();
        foreach (var panel in Read(variables).GroupBy(query => (query.Dashboard, query.Panel)))
        {
            var answered = false;
            foreach (var query in panel)
            {
                answered |= await HasNumbersAsync(http, query, variables, cancellation);
            }

            if (!answered)
            {
                unanswered.AddRange(panel);
            }
        }

        return unanswered;
    }

    private static IEnumerable<DashboardQuery> Read(string file, DashboardVariables variables)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var root = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        foreach (var panel in root.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)))
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
            {
                yield return new(
                    name, panel.GetProperty("title").GetString()!, target.GetProperty("refId").GetString()!, Substitute(target.GetProperty("expr").GetString()!, variables),
                    target.TryGetProperty("instant", out var instant) && instant.GetBoolean());
            }
        }

        foreach (var variable in root.GetProperty("templating").GetProperty("list").EnumerateArray().Where(variable => variable.GetProperty("type").GetString() == "query"))
        {
            var query = LabelValues().Match(variable.GetProperty("query").GetProperty("query").GetString()!);
            yield return new(
                name, $"variable {variable.GetProperty("name").GetString()}", "A", Substitute($"count by ({query.Groups["label"].Value}) ({query.Groups["series"].Value})", variables), Instant: true);
        }

        foreach (var annotation in root.GetProperty("annotations").GetProperty("list").EnumerateArray().Where(annotation => annotation.TryGetProperty("target", out _)))
        {
            yield return new(
                name, $"annotation {annotation.GetProperty("name").GetString()}", "A", Substitute(annotation.GetProperty("target").GetProperty("expr").GetString()!, variables), Instant: false);
        }
    }

    private static string Substitute(string expression, DashboardVariables variables) => Variable().Replace(expression, found => found.Groups["name"].Value switch
    {
        "__rate_interval" => variables.RateInterval,
        "__interval" => Seconds(variables.Step),
        "__range" => Seconds(variables.Range),
        var name => variables.Values.GetValueOrDefault(name, ".*"),
    });

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "s";

    private static async Task<bool> HasNumbersAsync(HttpClient http, DashboardQuery query, DashboardVariables variables, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        var form = new Dictionary<string, string>(StringComparer.Ordinal) { ["query"] = query.Expression };
        if (!query.Instant)
        {
            form["start"] = (now - variables.Range.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            form["end"] = now.ToString(CultureInfo.InvariantCulture);
            form["step"] = variables.Step.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        }

        using var answer = await http.PostAsync(new Uri(query.Instant ? "api/v1/query" : "api/v1/query_range", UriKind.Relative), new FormUrlEncodedContent(form), cancellation);
        var body = await answer.Content.ReadAsStringAsync(cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{query}: Prometheus answers {(int)answer.StatusCode}: {body}");
        }

        return JsonDocument.Parse(body).RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
            .SelectMany(series => series.TryGetProperty("values", out var values) ? values.EnumerateArray().ToArray() : [series.GetProperty("value")])
            .Any(sample => double.IsFinite(double.Parse(sample[1].GetString()!, CultureInfo.InvariantCulture)));
    }

    [GeneratedRegex(@"\$(\{(?<name>\w+)(:\w+)?\}|(?<name>\w+))", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"^label_values\((?<series>.+), *(?<label>\w+)\)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LabelValues();
}

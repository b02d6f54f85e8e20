using YamlDotNet.RepresentationModel;

namespace Cpt.Dashboards.Tests.Rules;

/// <summary>One alert of the chart's rules.</summary>
internal sealed record AlertRule(string Name, string Expression, string Severity, IReadOnlyDictionary<string, string> Annotations);

/// <summary>The chart's rules as they stand in their file.</summary>
internal static class AlertRules
{
    public static string File { get; } = Path.Combine(Repository.Root, "charts", "cpt-operator", "rules", "cpt.yaml");

    public static string Runbooks { get; } = Path.Combine(Repository.Root, "docs", "runbooks");

    public static IReadOnlyList<AlertRule> All { get; } =
        [.. Rules().Where(rule => rule.Children.ContainsKey("alert")).Select(rule => new AlertRule(Text(rule, "alert"), Text(rule, "expr"), Text(Map(rule, "labels"), "severity"), Texts(Map(rule, "annotations"))))];

    /// <summary>What is computed beforehand.</summary>
    public static IReadOnlyList<(string Name, string Expression)> Recorded { get; } = [.. Rules().Where(rule => rule.Children.ContainsKey("record")).Select(rule => (Text(rule, "record"), Text(rule, "expr")))];

    /// <summary>Alert names of the tests with what they expect: whether it fires.</summary>
    public static IEnumerable<(string Alert, bool Fires)> Expected(string testFile)
    {
        foreach (var test in List(Load(testFile), "tests").SelectMany(test => List((YamlMappingNode)test, "alert_rule_test")).Cast<YamlMappingNode>())
        {
            yield return (Text(test, "alertname"), ((YamlSequenceNode)test.Children["exp_alerts"]).Children.Count > 0);
        }
    }

    private static IEnumerable<YamlMappingNode> Rules() => List(Load(File), "groups").SelectMany(group => List((YamlMappingNode)group, "rules")).Cast<YamlMappingNode>();

    private static YamlMappingNode Load(string file)
    {
        var yaml = new YamlStream();
        using var reader = System.IO.File.OpenText(file);
        yaml.Load(reader);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static IEnumerable<YamlNode> List(YamlMappingNode node, string name) => ((YamlSequenceNode)node.Children[name]).Children;

    private static YamlMappingNode Map(YamlMappingNode node, string name) => (YamlMappingNode)node.Children[name];

    private static string Text(YamlMappingNode node, string name) => ((YamlScalarNode)node.Children[name]).Value!;

    private static Dictionary<string, string> Texts(YamlMappingNode node) => node.Children.ToDictionary(pair => ((YamlScalarNode)pair.Key).Value!, pair => ((YamlScalarNode)pair.Value).Value!, StringComparer.Ordinal);
}

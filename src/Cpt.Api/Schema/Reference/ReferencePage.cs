using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;

namespace Cpt.Api.Schema.Reference;

/// <summary>The API as a page for people, made from the same types, attributes and comments as the definition: nothing is said twice, and nothing can be forgotten.</summary>
public static class ReferencePage
{
    public const string FileName = "reference.md";

    private const string Opening = """
        # Reference

        Every field, word and code of the API, generated from the types by `cpt generate reference`: edit those. How to write a run is in [researchers.md](researchers.md), what to do about each reason in
        [on-call.md](on-call.md).

        Decimal numbers are written as text (`learningRate: "1e-6"`), since Kubernetes keeps floating point out of specs; durations are whole seconds. A DNS label has lower-case letters, digits and `-`, begins and
        ends with a letter or digit, and is at most 63 characters long. *Immutable*: may not change once the run exists. Defaults in *italics* depend on other fields; the description says how. The examples are
        of one run that is not meant to make sense as a whole.

        """;

    /// <param name="exitCodes">A class of constants, with a comment on each.</param>
    public static string ToMarkdown(Type exitCodes)
    {
        var page = new StringBuilder(Opening);
        page.Append(CultureInfo.InvariantCulture, $"\n`apiVersion: {ContinualRun.GroupVersion}`, `kind: {ContinualRun.KindName}`, short name `{ContinualRun.ShortName}`, namespaced, category `cpt`.\n\n");
        var fields = new FieldTables(page, new ReferenceSample());
        fields.Write(typeof(ContinualRunSpec), "spec");
        fields.Write(typeof(ContinualRunStatus), "status");
        var documentation = Documentation.Load();
        Conditions(page, documentation, "##", typeof(Reasons), Reasons.ByCondition);
        Columns(page, "##", ContinualRun.ShortName, RunDefinition.ToJson());
        Constants(page, documentation, "Labels", typeof(Labels), "On Jobs and Pods; `kubectl get pods -l cpt.dev/run=NAME` finds a run's.", except: nameof(Labels.ManagedByValue));
        Constants(page, documentation, "Annotations", typeof(Annotations), "");
        Constants(page, documentation, "Finalizers", typeof(Finalizers), "");
        ExitCodes(page, exitCodes);
        Study(page, documentation);
        return page.ToString().TrimEnd() + "\n";
    }

    private static void Study(StringBuilder page, Documentation documentation)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n## ContinualStudy\n\n{documentation.Of(typeof(ContinualStudy))} `kind: {ContinualStudy.KindName}`, short name `{ContinualStudy.ShortName}`. How to write one and how to read its table is in [studies.md](studies.md).\n\n");
        var fields = new FieldTables(page, new ReferenceSample(StudySample.Json), "Study ");
        fields.Write(typeof(ContinualStudySpec), "spec");
        fields.Write(typeof(ContinualStudyStatus), "status");
        Conditions(page, documentation, "### Study:", typeof(StudyReasons), StudyReasons.ByCondition);
        Columns(page, "### Study:", ContinualStudy.ShortName, StudyDefinition.ToJson());
        page.Append("### Study: labels\n\nOn the runs of a study; `kubectl get crun -l cpt.dev/study=NAME` finds them.\n\n| | |\n|---|---|\n");
        foreach (var constant in Constants(typeof(StudyLabels)))
        {
            page.Append(CultureInfo.InvariantCulture, $"| `{Value(constant)}` | {documentation.Of(constant)} |\n");
        }
    }

    private static void Conditions(StringBuilder page, Documentation documentation, string heading, Type words, IReadOnlyList<(string Condition, string Status, IReadOnlyList<string> Reasons)> known)
    {
        page.Append(CultureInfo.InvariantCulture, $"{heading} {(heading.EndsWith(':') ? "conditions" : "Conditions")} and reasons\n\n");
        foreach (var condition in Constants(typeof(ConditionTypes)).Where(condition => known.Any(entry => entry.Condition == Value(condition))))
        {
            page.Append(CultureInfo.InvariantCulture, $"{(heading.EndsWith(':') ? "#### Study: " : "### ")}{Value(condition)}\n\n{documentation.Of(condition)}\n\n| status | reason | meaning |\n|---|---|---|\n");
            foreach (var (_, status, reasons) in known.Where(entry => entry.Condition == Value(condition)))
            {
                foreach (var reason in reasons)
                {
                    page.Append(CultureInfo.InvariantCulture, $"| {status} | `{reason}` | {documentation.Of(words.GetField(reason)!)} |\n");
                }
            }

            page.Append('\n');
        }
    }

    private static void Columns(StringBuilder page, string heading, string name, System.Text.Json.Nodes.JsonObject definition)
    {
        page.Append(CultureInfo.InvariantCulture, $"{heading} {(heading.EndsWith(':') ? "columns" : "Columns")}\n\n`kubectl get {name}`; those marked *wide* with `-o wide`.\n\n| column | from | |\n|---|---|---|\n");
        foreach (var column in definition["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray().Cast<JsonObject>())
        {
            var wide = column["priority"] is null ? "" : " (*wide*)";
            page.Append(CultureInfo.InvariantCulture, $"| {column["name"]!.ToString().ToUpperInvariant()}{wide} | `{column["jsonPath"]}` | {column["description"]} |\n");
        }

        page.Append('\n');
    }

    private static void Constants(StringBuilder page, Documentation documentation, string title, Type type, string opening, string? except = null)
    {
        page.Append(CultureInfo.InvariantCulture, $"## {title}\n\n{(opening.Length == 0 ? "" : opening + "\n\n")}| | |\n|---|---|\n");
        foreach (var constant in Constants(type).Where(constant => constant.Name != except))
        {
            page.Append(CultureInfo.InvariantCulture, $"| `{Value(constant)}` | {documentation.Of(constant)} |\n");
        }

        page.Append('\n');
    }

    private static void ExitCodes(StringBuilder page, Type type)
    {
        var documentation = Documentation.Load(type.Assembly);
        page.Append("## Exit codes of the trainer\n\n| code | name | meaning |\n|---|---|---|\n");
        foreach (var code in Constants(type))
        {
            page.Append(CultureInfo.InvariantCulture, $"| {Value(code)} | `{code.Name}` | {documentation.Of(code)} |\n");
        }

        page.Append("\nAny other status (a signal that was not handled; 137 when memory ran out) counts as 70.\n");
    }

    private static IEnumerable<FieldInfo> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral);

    private static string Value(FieldInfo constant) => Convert.ToString(constant.GetRawConstantValue(), CultureInfo.InvariantCulture)!;
}

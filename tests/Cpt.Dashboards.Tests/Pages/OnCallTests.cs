using System.Reflection;
using System.Text.RegularExpressions;
using Cpt.Api;

namespace Cpt.Dashboards.Tests.Pages;

/// <summary>docs/on-call.md has every word that the operator can say, and something to do about it.</summary>
public sealed partial class OnCallTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "on-call.md"));

    public static TheoryData<string> Reasons => [.. Constants(typeof(Api.Reasons)).Concat(Constants(typeof(ConditionTypes)))];

    /// <summary>What trainer and storage call a failure: the words beside an exit code in the sources, and those that the planner knows or says.</summary>
    public static TheoryData<string> AttemptReasons =>
    [
        .. Sources("Cpt.Trainer", "Cpt.Training", "Cpt.Storage", "Cpt.Tasks", "Cpt.Models", "Cpt.Contract").SelectMany(text => BesideAnExitCode().Matches(text).Select(match => match.Groups["reason"].Value))
            .Concat(Sources("Cpt.Planning").SelectMany(text => Planned().Matches(text).SelectMany(match => Quoted().Matches(match.Value)).Select(match => match.Groups["reason"].Value)))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    public static TheoryData<string> Events =>
        [.. Sources("Cpt.Operator").SelectMany(text => Published().Matches(text).Select(match => match.Groups["reason"].Value)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void EveryReasonAndConditionStandsInATable(string reason) => Assert.Matches($@"(?m)^\|.*`{reason}`.*\|", s_page);

    [Theory]
    [MemberData(nameof(AttemptReasons))]
    public void EveryEndOfAnAttemptIsExplained(string reason) => Assert.Contains($"`{reason}`", s_page, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Events))]
    public void EveryEventIsExplained(string reason) => Assert.Contains($"`{reason}`", s_page.Split("## Events")[1].Split("## Logs")[0], StringComparison.Ordinal);

    /// <summary>Holds the searches above: a change of how the sources are written must not leave them empty.</summary>
    [Fact]
    public void TheSearchesFindWhatIsKnown()
    {
        Assert.Superset(new HashSet<string>(StringComparer.Ordinal) { "NonFiniteLoss", "NoRewardSignal", "CorruptModel", "StorageFull", "CheckpointConflict", "Evicted", "PodGone", "NothingCommitted", "CheckpointIncomplete", "JobGone", "OutOfMemory" }, Words(AttemptReasons));
        Assert.Superset(new HashSet<string>(StringComparer.Ordinal) { "StageStarted", "StageRetry", "JobNotCreated", "GateIgnored", "RunSucceeded" }, Words(Events));
    }

    [Fact]
    public void WhatASucceededRunWaitsForIsToldInTheTableOfItsStatus()
    {
        foreach (var (condition, status, reasons) in Api.Reasons.ByCondition.Where(entry => entry.Condition == ConditionTypes.Succeeded))
        {
            var table = s_page.Split($"\n## `{condition}={status}`")[1].Split("\n## ")[0];
            Assert.All(reasons, reason => Assert.Contains($"\n| `{reason}` |", table, StringComparison.Ordinal));
        }
    }

    private static HashSet<string> Words(TheoryData<string> data) => [.. data.Select(row => row.Data)];

    private static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    private static IEnumerable<string> Sources(params string[] rooms) =>
        rooms.SelectMany(room => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", room), "*.cs", SearchOption.AllDirectories)).Select(File.ReadAllText);

    /// <summary>ExitCodes.BadData, "CorruptModel" and ExitCodes.BadData, kind == "model" ? "CorruptModel" : "TaskChanged".</summary>
    [GeneratedRegex("""ExitCodes\.\w+,\s*(?:\w+ == "\w+" \? "\w+" : )?"(?<reason>[A-Z]\w+)"|ExitCodes\.\w+,\s*\w+ == "\w+" \? "(?<reason>[A-Z]\w+)\x22""", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex BesideAnExitCode();

    /// <summary>Of the planner: the list of preemptions, the words for ends without a result, and what a stage is given up for.</summary>
    [GeneratedRegex("""s_preemptions = [^;]*;|const string \w+ = "[A-Z]\w+";|Reason = asked \? [^,]*,|ReasonOf\(AttemptEnd\? end[^;]*;|Failure\.Of\(draft, stage, Reasons\.\w+, "\w+"|new LookupFailure\("\w+\x22""", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Planned();

    [GeneratedRegex("\"(?<reason>[A-Z]\\w+)\"", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Quoted();

    [GeneratedRegex("EventType\\.\\w+, \"(?<reason>[A-Z]\\w+)\"", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Published();
}

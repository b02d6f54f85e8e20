using System.Diagnostics;
using System.Text.RegularExpressions;
using Cpt.Dashboards.Tests.Rules;
using Cpt.Dashboards.Tests.Running;

namespace Cpt.Dashboards.Tests.Pages;

/// <summary>Somebody who is woken types what stands there: every command of the runbooks and of the pages for people exists, with the options it is given.</summary>
public sealed partial class CommandTests
{
    private static readonly string[] s_pages = [.. Directory.EnumerateFiles(AlertRules.Runbooks, "*.md").Order(StringComparer.Ordinal), Page("on-call.md"), Page("researchers.md")];

    /// <summary>Without duplicates: the words up to the first argument, then the options.</summary>
    public static TheoryData<string> OwnCommands => [.. Commands().Select(Own).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public static TheoryData<string> KubectlCommands =>
        [.. Commands().Select(command => Kubectl().Match(command)).Where(match => match.Success).Select(match => match.Groups["verb"].Value).Where(verb => verb != "cpt").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(OwnCommands))]
    public async Task ACommandOfOursExistsWithItsOptions(string command)
    {
        var words = command.Split(' ');
        var options = words.Where(word => word.StartsWith('-')).ToList();
        var help = await HelpAsync("dotnet", [ChildProgram.PathOf("Cpt.Cli", "cpt"), .. words.Except(options), "--help"]);

        Assert.All(options, option => Assert.Matches($@"(?m)(^|[\s,]){Regex.Escape(option)}([\s,]|$)", help));
    }

    [Trait("Category", "Cluster")]
    [Theory]
    [MemberData(nameof(KubectlCommands))]
    public async Task ACommandOfKubectlExists(string verb) => Assert.Contains("Usage:", await HelpAsync(Cpt.Tests.Cluster.Kubectl.Program, [.. verb.Split(' '), "--help"]), StringComparison.Ordinal);

    [Fact]
    public void LinksBetweenPagesLeadSomewhere() => Assert.All(
        s_pages.Append(Page("api.md")).Append(Page("operator.md")).Append(Page("trainer.md")).Append(Path.Combine(Repository.Root, "README.md")),
        page => Assert.All(Links().Matches(File.ReadAllText(page)).Select(match => match.Groups["target"].Value), target => AssertLeads(page, target)));

    private static void AssertLeads(string page, string target)
    {
        var parts = target.Split('#');
        var file = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
        Assert.True(Path.Exists(file), $"{page}: {target} leads to nothing");
        if (parts.Length > 1)
        {
            Assert.True(File.ReadLines(file).Where(line => line.StartsWith('#')).Select(Anchor).Contains(parts[1], StringComparer.Ordinal), $"{page}: {target}: no heading of that name");
        }
    }

    /// <summary>As GitHub makes it of a heading.</summary>
    private static string Anchor(string heading) =>
        new([.. heading.TrimStart('#').Trim().ToLowerInvariant().Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_').Select(letter => letter == ' ' ? '-' : letter)]);

    private static string Page(string name) => Path.Combine(Repository.Root, "docs", name);

    /// <summary>Lines of shell blocks, and words in backquotes that begin as a command.</summary>
    private static IEnumerable<string> Commands() => s_pages.Select(File.ReadAllText).SelectMany(text =>
        Blocks().Matches(text).SelectMany(match => match.Groups["lines"].Value.Split('\n')).Concat(Inline().Matches(Blocks().Replace(text, "")).Select(match => match.Groups["command"].Value)));

    private static string? Own(string line)
    {
        var match = OwnCommand().Match(line);
        if (!match.Success)
        {
            return null;
        }

        var kube = match.Groups["program"].Value == "kubectl cpt";
        var words = match.Groups["rest"].Value.Split(['>', '|', '#'])[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // kube has a level more: status; the others have one or two: run, model export.
        var names = words.TakeWhile(word => Name().IsMatch(word)).Take(kube ? 1 : words is ["model" or "task" or "generate" or "bench", ..] ? 2 : 1);
        return names.Any() ? string.Join(' ', [.. kube ? ["kube"] : Array.Empty<string>(), .. names, .. words.Where(word => Option().IsMatch(word))]) : null;
    }

    private static async Task<string> HelpAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)}: {await errors}{output}");
        return output;
    }

    [GeneratedRegex("```sh\n(?<lines>.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Blocks();

    [GeneratedRegex("`(?<command>(kubectl|cpt|\\./cpt) [^`\n]+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Inline();

    [GeneratedRegex(@"^(?<program>kubectl cpt|(\./)?cpt) (?<rest>.+)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OwnCommand();

    [GeneratedRegex(@"^kubectl (?<verb>auth can-i|rollout restart|top pod|[a-z]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Kubectl();

    [GeneratedRegex("^[a-z]+$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();

    [GeneratedRegex("^--?[a-z][a-z-]*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Option();

    [GeneratedRegex(@"\]\((?!https?:)(?<target>[^)\s]+)\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Links();
}

using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cpt.Cli.Reporting;

namespace Cpt.Cli.Tests.Reporting;

/// <summary>The page as a browser sees it, inside a frame that looks at it and writes down what it found.</summary>
public sealed partial class BrowserTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cpt-browser-").FullName;

    [Theory]
    [InlineData(390)]
    [InlineData(1200)]
    [Trait("Category", "EndToEnd")]
    public async Task ChromiumShowsTheNumbersWithoutARequestOrAnErrorAndWithoutScrollingSideways(int width)
    {
        await using var server = new LoopbackPages();
        server.Pages["/report.html"] = HtmlReport.Render(ReportExample.Model());
        server.Pages["/"] = $$"""
            <!doctype html><link rel="icon" href="data:,"><iframe id="f" src="report.html" style="width:{{width}}px;height:800px;border:0"></iframe><pre id="found"></pre>
            <script>f.onload = () => {
              const page = f.contentWindow, doc = f.contentDocument;
              document.getElementById('found').textContent = 'FOUND' + JSON.stringify({
                resources: page.performance.getEntriesByType('resource').map(entry => entry.name),
                overflow: doc.documentElement.scrollWidth - doc.documentElement.clientWidth,
                text: doc.body.innerText,
                charts: doc.querySelectorAll('svg.chart').length,
                smallest: Math.min(...[...doc.querySelectorAll('svg.chart')].map(chart => 12 * chart.getBoundingClientRect().width / 400)),
              }) + 'END'; }</script>
            """;

        var (dom, log) = await ChromiumAsync("--dump-dom", "--virtual-time-budget=5000", "--enable-logging=stderr", server.Address);

        Assert.DoesNotContain("CONSOLE", log, StringComparison.Ordinal);
        var found = JsonDocument.Parse(System.Net.WebUtility.HtmlDecode(Found().Match(dom).Groups["json"].Value)).RootElement;
        Assert.Equal(0, found.GetProperty("resources").GetArrayLength());
        Assert.Equal(["/", "/report.html"], server.Asked.Order(StringComparer.Ordinal));
        Assert.Equal(0, found.GetProperty("overflow").GetInt32());
        Assert.InRange(found.GetProperty("charts").GetInt32(), 6, 9);
        Assert.True(found.GetProperty("smallest").GetDouble() >= 9, "letters in charts are too small");
        var text = found.GetProperty("text").GetString()!;
        Assert.Contains("97.3", text, StringComparison.Ordinal);
        Assert.Contains("−9.4", text, StringComparison.Ordinal);
        Assert.Contains("bundled://models/digits-base", text, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private async Task<(string Output, string Error)> ChromiumAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("chromium") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
            $"--user-data-dir={Path.Combine(_root, "profile")}", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return (await output, await error);
    }

    [GeneratedRegex("FOUND(?<json>\\{.*\\})END", RegexOptions.Singleline)]
    private static partial Regex Found();
}

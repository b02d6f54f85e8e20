using System.Diagnostics;

namespace Cpt.Dashboards.Tests.Schema;

/// <summary>Grafana's own types judge the dashboards: a field that does not exist, a value that is none, an option of another panel. What compiles is what Grafana's code expects to read.</summary>
public sealed class SchemaTests : IDisposable
{
    private static readonly string s_package = Path.Combine(Repository.Root, "artifacts", "grafana-schema", "13.2.3-5.9.3");
    private readonly string _directory = Path.Combine(s_package, "check-" + Guid.NewGuid().ToString("N")[..8]);

    public static TheoryData<string> Dashboards => [.. DashboardQueries.Names];

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task ADashboardIsOneOfGrafanas(string dashboard) => Assert.Equal("", await CompileAsync(await TextAsync(dashboard)));

    [Theory]
    [InlineData("\"schemaVersion\": 42", "\"schemaVersion\": \"42\"")]
    [InlineData("\"timezone\": \"browser\"", "\"timeZone\": \"browser\"")]
    [InlineData("\"drawStyle\": \"line\"", "\"drawStyle\": \"lines\"")]
    [InlineData("\"showPoints\": \"auto\"", "\"points\": \"auto\"")]
    [InlineData("\"showHeader\": true", "\"header\": true")]
    [InlineData("\"type\": \"bargauge\"", "\"type\": \"barGauge\"")]
    [InlineData("\"legendFormat\"", "\"legend\"")]
    [InlineData("\"mode\": \"continuous-RdYlGr\"", "\"mode\": \"red-yellow-green\"")]
    public async Task AMistakeIsFound(string right, string wrong)
    {
        var text = await TextAsync("researcher");
        Assert.Contains(right, text, StringComparison.Ordinal);

        Assert.Contains("error TS", await CompileAsync(text.Replace(right, wrong, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static Task<string> TextAsync(string dashboard) => File.ReadAllTextAsync(Path.Combine(DashboardQueries.Folder, dashboard + ".json"));

    /// <returns>The compiler's complaints.</returns>
    private async Task<string> CompileAsync(string json)
    {
        var compiler = Path.Combine(s_package, "node_modules", "typescript", "lib", "tsc.js");
        Assert.SkipUnless(File.Exists(compiler), "Grafana's types are not here: eng/fetch-grafana-schema.sh fetches them");
        Directory.CreateDirectory(_directory);
        File.Copy(Path.Combine(Repository.Root, "tests", "Cpt.Dashboards.Tests", "Schema", "dashboards.ts"), Path.Combine(_directory, "dashboards.ts"));
        var check = Path.Combine(_directory, "check.ts");
        await File.WriteAllTextAsync(check, $"import type {{ DashboardJson }} from './dashboards';\nexport const dashboard: DashboardJson = {json};\n");
        using var process = Process.Start(new ProcessStartInfo(
            "node", [compiler, "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", check])
        { UseShellExecute = false, RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? "" : said;
    }
}

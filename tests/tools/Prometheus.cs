using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Cpt.Tests;

/// <summary>A real Prometheus of one's own on loopback, which scrapes every second and evaluates the chart's rules.</summary>
internal sealed class Prometheus : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly Process _process;
    private readonly HttpClient _http;

    private Prometheus(DirectoryInfo directory, Process process, Uri address)
    {
        (_directory, _process, Address) = (directory, process, address);
        _http = new() { BaseAddress = address };
    }

    public Uri Address { get; }

    /// <param name="scrapes">The YAML of <c>scrape_configs</c>.</param>
    /// <param name="rules">Rule files.</param>
    public static async Task<Prometheus> StartAsync(string scrapes, params string[] rules)
    {
        var directory = Directory.CreateTempSubdirectory("cpt-prometheus-");
        var configuration = Path.Combine(directory.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $"""
            global: {"{"}scrape_interval: 1s, evaluation_interval: 1s{"}"}
            rule_files: [{string.Join(", ", rules)}]
            scrape_configs:
            {scrapes}
            """);
        var address = new Uri($"http://127.0.0.1:{FreePort().ToString(CultureInfo.InvariantCulture)}/");
        var start = new ProcessStartInfo(
            "prometheus",
            [$"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(directory.FullName, "data")}", $"--web.listen-address={address.Authority}", "--log.level=warn"])
        { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            directory.Delete(recursive: true);
            Assert.Skip("prometheus is not installed (Debian: apt-get install prometheus)");
            throw;
        }

        var said = new List<string>();
        process.ErrorDataReceived += (_, line) => said.Add(line.Data ?? "");
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var started = new Prometheus(directory, process, address);
        await Eventually.ThatAsync(async () =>
        {
            Assert.False(process.HasExited, $"prometheus has ended: {string.Join('\n', said)}");
            try
            {
                using var ready = await started._http.GetAsync(new Uri("-/ready", UriKind.Relative));
                return ready.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return started;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Whether a question has an answer now.</summary>
    public async Task<bool> HasAsync(string expression) => (await GetAsync($"api/v1/query?query={Uri.EscapeDataString(expression)}")).GetProperty("result").GetArrayLength() > 0;

    /// <summary>Rules that could not be evaluated, with why.</summary>
    public async Task<IReadOnlyList<string>> SickRulesAsync() =>
    [
        .. (await GetAsync("api/v1/rules")).GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray())
            .Where(rule => rule.GetProperty("health").GetString() != "ok")
            .Select(rule => $"{rule.GetProperty("name")}: {rule.GetProperty("health")} {(rule.TryGetProperty("lastError", out var error) ? error.ToString() : "")}"),
    ];

    /// <summary>Names of the alerts that fire; not of those that still wait for their <c>for</c>.</summary>
    public async Task<IReadOnlyList<string>> FiringAsync() =>
        [.. (await GetAsync("api/v1/alerts")).GetProperty("alerts").EnumerateArray().Where(alert => alert.GetProperty("state").GetString() == "firing").Select(alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!).Distinct(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await _http.GetStringAsync(new Uri(path, UriKind.Relative))).RootElement.GetProperty("data");
}

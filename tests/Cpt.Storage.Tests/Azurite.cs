using System.Diagnostics;
using Azure.Storage.Blobs;

[assembly: AssemblyFixture(typeof(Cpt.Storage.Tests.Azurite))]

namespace Cpt.Storage.Tests;

/// <summary>One Azurite process for all tests of this assembly, on a free loopback port; ended by its own pid.</summary>
public sealed class Azurite : IAsyncLifetime
{
    /// <summary>The emulator's published account; no secret.</summary>
    public const string Account = "devstoreaccount1";
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly List<Process> _processes = [];
    private string _entry = "";
    private int _containers;

    /// <summary>Why it does not run here, or null.</summary>
    public string? Absent { get; private set; }

    public string Endpoint { get; private set; } = "";

    public string ConnectionString => $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={Endpoint};";

    public BlobServiceClient Service => new(ConnectionString);

    public async ValueTask InitializeAsync()
    {
        var (entry, log) = await FetchAsync();
        if (entry is null)
        {
            Absent = "Azurite cannot be had here: " + log;
            return;
        }

        _entry = entry;
        var origin = await StartAsync();
        Endpoint = $"{origin}/{Account}";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>A name nobody else uses.</summary>
    public string NextContainer() => $"c{Environment.ProcessId}-{Interlocked.Increment(ref _containers)}";

    public StorageOptions Options(StorageOptions? from = null) => (from ?? new StorageOptions()) with { Environment = Variables(("AZURE_STORAGE_CONNECTION_STRING", ConnectionString)) };

    internal static Func<string, string?> Variables(params (string Name, string Value)[] values) =>
        name => values.FirstOrDefault(value => value.Name == name).Value;

    /// <summary>Starts one more process; returns its origin.</summary>
    internal async Task<string> StartAsync(params string[] more)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Path.GetTempPath() };
        foreach (var argument in (string[])[_entry, "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--blobHost", "127.0.0.1", "--blobPort", "0", .. more])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        _processes.Add(process);
        var errors = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            const string Listens = "successfully listens on ";
            var at = line.IndexOf(Listens, StringComparison.Ordinal);
            if (at < 0) continue;
            _ = process.StandardOutput.ReadToEndAsync(); // Keeps its pipe from filling.
            return line[(at + Listens.Length)..].Trim();
        }

        throw new InvalidOperationException($"Azurite ended before it listened: {await errors}");
    }

    private static async Task<(string? Entry, string Log)> FetchAsync()
    {
        using var fetch = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "eng", "fetch-azurite.sh")) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var log = fetch.StandardError.ReadToEndAsync();
        var entry = (await fetch.StandardOutput.ReadToEndAsync()).Trim();
        await fetch.WaitForExitAsync();
        return fetch.ExitCode == 0 ? (entry, "") : (null, (await log).Trim());
    }
}

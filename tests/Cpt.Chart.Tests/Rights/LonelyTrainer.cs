using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;

namespace Cpt.Chart.Tests.Rights;

/// <summary>
/// Answers <c>/progress</c> at this machine's own address: API servers proxy to no loopback address. The one pod that is said to live there never ends.
/// </summary>
internal sealed class LonelyTrainer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;

    private LonelyTrainer(IPAddress address)
    {
        _listener = new(address, 0);
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static Task<LonelyTrainer> StartAsync()
    {
        var address = NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus == OperationalStatus.Up && card.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(own => own.Address)
            .FirstOrDefault(own => own.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(own) && !own.ToString().StartsWith("169.254.", StringComparison.Ordinal));
        Assert.SkipWhen(address is null, "this machine has no address but loopback, and an API server proxies to none of those");
        return Task.FromResult(new LonelyTrainer(address));
    }

    /// <summary>As a kubelet writes it.</summary>
    public JsonObject PodStatus()
    {
        var address = ((IPEndPoint)_listener.LocalEndpoint).Address.ToString();
        return new JsonObject
        {
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["podIP"] = address,
                ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address }),
                ["containerStatuses"] = new JsonArray(new JsonObject
                {
                    ["name"] = "trainer",
                    ["image"] = "registry.example/cpt-trainer:1",
                    ["imageID"] = "",
                    ["ready"] = true,
                    ["restartCount"] = 0,
                    ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = "2026-01-02T08:00:00Z" } },
                }),
            },
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var progress = JsonSerializer.Serialize(new StageProgress { Stage = "parity", Attempt = 1, Phase = TrainerPhase.Training, Step = 3, Steps = 8 }, ContractJson.Default.StageProgress);
        var answer = System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {progress.Length}\r\nConnection: close\r\n\r\n{progress}");
        while (!_end.IsCancellationRequested)
        {
            using var caller = await _listener.AcceptTcpClientAsync(_end.Token);
            await using var stream = caller.GetStream();
            var request = new byte[4096];
            _ = await stream.ReadAsync(request, _end.Token);
            await stream.WriteAsync(answer, _end.Token);
        }
    }
}

namespace Cpt.Cli.Tests.Cluster;

/// <summary>What goes on while the API server is killed and comes back. On a server of its own: the others need theirs.</summary>
[Trait("Category", "Cluster")]
public sealed class RestartTests : IAsyncLifetime
{
    private readonly ApiServer _server = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await _server.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task LogsAndStatusGoOnWhereTheyWereWhenTheApiServerComesBack()
    {
        await using var kubelet = await Kubelet.StartAsync(_server, _namespace);
        var pods = new RunPods(_server, _namespace, kubelet.Node);
        await _server.CreateAsync(_namespace, "demo", SampleRun.Training());
        var pod = await pods.CreateAsync("half", 2, "Running");
        kubelet[pod].Write(SampleRun.Start, "before");
        using var status = new StringWriter();
        var following = Start(_output, "logs", "demo", "-f");
        var watching = Start(status, "status", "demo", "-w");
        await Eventually.ThatAsync(() => _output.ToString() == "before\n" && status.ToString().Length > 0);

        await _server.Cluster.KillApiServerAsync();
        kubelet[pod].Write(SampleRun.Start.AddSeconds(1), "while it was away");
        await _server.Cluster.StartApiServerAsync();
        kubelet[pod].Write(SampleRun.Start.AddSeconds(2), "after");
        await Eventually.ThatAsync(() => _output.ToString() == "before\nwhile it was away\nafter\n");

        kubelet[pod].End();
        await pods.EndAsync(pod, "Succeeded");
        await _server.SetStatusAsync(_namespace, "demo", SampleRun.Finished());
        Assert.True(await following == 0, _error.ToString());
        Assert.True(await watching == 0, _error.ToString() + status);
        Assert.Equal("before\nwhile it was away\nafter\n", _output.ToString());
    }

    [Fact]
    public async Task AServerThatIsNotThereIsToldAtOnce()
    {
        await _server.Cluster.KillApiServerAsync();
        var result = await _server.RunAsync(_namespace, "status", "demo");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal($"The connection to the server {_server.Cluster.Address}:6443 was refused - did you specify the right host or port?\n", result.Error);
    }

    private Task<int> Start(TextWriter output, params string[] arguments) =>
        Plugin.Start([.. arguments, "--kubeconfig", _server.Cluster.Kubeconfig, "-n", _namespace], TextWriter.Synchronized(output), TextWriter.Synchronized(_error), CancellationToken.None);
}

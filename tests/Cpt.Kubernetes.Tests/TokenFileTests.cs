using Microsoft.AspNetCore.Http;

namespace Cpt.Kubernetes.Tests;

public sealed class TokenFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly PausesRecorded _time = new();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task ARenewedTokenIsTakenUpWithinAMinute()
    {
        File.WriteAllText(_path, "one\n");
        var credentials = ClusterCredentials.TokenFile(_path, _time);
        Assert.Equal("one", await TokenOf(credentials));

        File.WriteAllText(_path, "two");
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("one", await TokenOf(credentials));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("two", await TokenOf(credentials));
    }

    [Fact]
    public async Task ARefusedTokenIsReadAgainAtOnceAndTheCallIsMadeAgainOnce()
    {
        File.WriteAllText(_path, "old");
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context =>
        {
            File.WriteAllText(_path, "new");
            context.Response.StatusCode = context.Request.Headers.Authorization == "Bearer new" ? 200 : 401;
            return context.Response.WriteAsync("""{"metadata":{}}""");
        };
        using var client = server.CreateClient(credentials: ClusterCredentials.TokenFile(_path, _time));
        await client.GetAsync<Widget>("a", "ns");
        Assert.Equal(["Bearer old", "Bearer new"], server.Requests.Select(request => request.Headers["Authorization"]));
    }

    [Fact]
    public async Task ARefusedTokenThatIsStillTheFilesIsNotTriedAgain()
    {
        File.WriteAllText(_path, "old");
        await using var server = await LocalServer.StartAsync();
        server.Answer(401);
        using var client = server.CreateClient(credentials: ClusterCredentials.TokenFile(_path, _time));
        await Assert.ThrowsAsync<KubernetesException>(() => client.GetAsync<Widget>("a", "ns"));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task AFileInTheMiddleOfItsReplacementLeavesTheTokenInUse()
    {
        File.WriteAllText(_path, "one");
        var credentials = ClusterCredentials.TokenFile(_path, _time);
        await TokenOf(credentials);
        File.WriteAllText(_path, "");
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("one", await TokenOf(credentials));
    }

    [Fact]
    public async Task AnEmptyFileIsAnError()
    {
        var thrown = await Assert.ThrowsAsync<KubeconfigException>(() => TokenOf(ClusterCredentials.TokenFile(_path, _time)));
        Assert.Equal($"tokenFile: {_path} is empty", thrown.Message);
    }

    private static async Task<string?> TokenOf(ClusterCredentials credentials) => (await credentials.GetAsync(default)).Authorization?.Parameter;
}

namespace Cpt.Kubernetes.Tests;

[Trait("Category", "Cluster")]
public sealed class DiscoveryTests(ApiServer server) : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task TheServerSaysWhichVersionItIs()
    {
        var version = await server.Client.GetVersionAsync();
        Assert.True(version.IsAtLeast(20));
        Assert.False(version.IsAtLeast(500));
    }

    [Theory]
    [InlineData("1", "20+", 20, true)]
    [InlineData("1", "33", 34, false)]
    [InlineData("2", "0", 99, true)]
    [InlineData("", "", 0, false)]
    public void VersionsAreComparedByNumber(string major, string minor, int least, bool isAtLeast) =>
        Assert.Equal(isAtLeast, new ServerVersion { Major = major, Minor = minor }.IsAtLeast(least));

    [Fact]
    public async Task AKindIsFoundWithItsSubresources()
    {
        var resources = await server.Client.GetResourcesAsync("test.cpt.dev/v1");
        var widgets = Assert.Single(resources, resource => !resource.IsSubresource);
        Assert.Equal(("Widget", true, "wdg", "all"), (widgets.Kind, widgets.Namespaced, Assert.Single(widgets.ShortNames!), Assert.Single(widgets.Categories!)));
        Assert.Equal(["widgets/scale", "widgets/status"], resources.Where(resource => resource.IsSubresource).Select(resource => resource.Name).Order());
    }

    [Fact]
    public async Task WhatTheServerDoesNotHaveIsToldApart()
    {
        Assert.True(await server.Client.HasAsync<Pod>());
        Assert.True(await server.Client.HasAsync<Widget>());
        Assert.False(await server.Client.HasAsync<NoSuchKind>());
        Assert.Empty(await server.Client.GetResourcesAsync("nowhere.example.com/v7"));
        Assert.Contains(await server.Client.GetGroupsAsync(), group => group.Name == "batch" && group.Versions.Exists(version => version.GroupVersion == "batch/v1"));
    }
}

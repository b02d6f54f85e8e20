using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cpt.Controllers.Tests;

/// <summary>Declarations that do not fit are refused when they are made, with what would be right.</summary>
public sealed class BuilderTests
{
    private readonly ServiceCollection _services = new();

    [Fact]
    public void AKindCannotBeWatchedWithTwoSelectors()
    {
        var builder = Add().AddCache<Pod>("a=b");
        var thrown = Assert.Throws<InvalidOperationException>(() => builder.AddController<Scripted, Fleet>(controller => controller.Owns<Pod>("a=c")));
        Assert.Contains("pods: a kind is watched once, and it is declared with the label selectors \"a=b\" and \"a=c\"", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AKindHasOneController()
    {
        var builder = Add().AddController<Scripted, Fleet>();
        Assert.Contains("fleets.test.cpt.dev has a controller already", Assert.Throws<InvalidOperationException>(() => builder.AddController<Scripted, Fleet>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnIndexHasOneMeaning()
    {
        var builder = Add().WithIndex<Pod>("node", pod => [pod.Spec.NodeName ?? ""]);
        Assert.Contains("pods has an index \"node\" already", Assert.Throws<InvalidOperationException>(() => builder.WithIndex<Pod>("node", _ => [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AKindHasOneTransform()
    {
        var builder = Add().WithTransform<Pod>(pod => pod);
        Assert.Contains("pods has a transform already", Assert.Throws<InvalidOperationException>(() => builder.WithTransform<Pod>(pod => pod)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("harbour")]
    [InlineData("/harbour")]
    [InlineData("test.cpt.dev/")]
    public void AFinalizerIsNamedByGroupAndName(string name) =>
        Assert.Contains($"\"{name}\" is no finalizer's name; group/name is expected", Assert.Throws<ArgumentException>(() => Add().AddFinalizer<FleetFinalizer, Fleet>(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void AProcessIsOneOperator()
    {
        Add();
        Assert.Throws<InvalidOperationException>(() => Add());
    }

    [Theory]
    [InlineData(15, 15, 2, "RenewDeadline")]
    [InlineData(15, 10, 10, "RetryPeriod")]
    [InlineData(0.5, 0.3, 0.1, "LeaseDuration")]
    public void TimesOfALeaseMustFit(double duration, double deadline, double retry, string named)
    {
        var thrown = Assert.Throws<ArgumentException>(() => _services.AddKubernetesOperator(settings => settings.LeaderElection = new()
        {
            LeaseDuration = TimeSpan.FromSeconds(duration),
            RenewDeadline = TimeSpan.FromSeconds(deadline),
            RetryPeriod = TimeSpan.FromSeconds(retry),
        }));
        Assert.StartsWith("LeaderElection." + named, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotWatchedCannotBeExpected()
    {
        Add().AddController<Scripted, Fleet>();
        _services.AddLogging();
        using var provider = _services.BuildServiceProvider();
        var thrown = Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<IExpectations<Fleet>>().ExpectCreated<Job>(new("ns", "a"), new("ns", "b")));
        Assert.Contains("jobs.batch is not watched", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("Owns<Job>()", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALeaseNeedsANamespace()
    {
        _services.AddLogging();
        _services.AddKubernetesOperator(settings => (settings.Cluster, settings.LeaderElection) = (Nowhere, new()));
        using var provider = _services.BuildServiceProvider();
        Assert.Contains("LeaderElection.LeaseNamespace is missing", Assert.Throws<ArgumentException>(() => provider.GetRequiredService<LeaderElector>()).Message, StringComparison.Ordinal);
    }

    private static ClusterConfig Nowhere => new() { Server = new("https://127.0.0.1:1") };

    private OperatorBuilder Add()
    {
        _services.TryAddSingleton(TimeProvider.System);
        return _services.AddKubernetesOperator(settings => (settings.Cluster, settings.Client) = (Nowhere, new() { Json = [TestJson.Default] }));
    }
}

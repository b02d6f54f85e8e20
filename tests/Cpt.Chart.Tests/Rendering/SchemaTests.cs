namespace Cpt.Chart.Tests.Rendering;

/// <summary>A value that is wrong is refused by its name before anything reaches a cluster.</summary>
public sealed class SchemaTests
{
    [Theory]
    [InlineData("replicaCont=3", "replicaCont")]
    [InlineData("replicaCount=-1", "/replicaCount")]
    [InlineData("replicaCount=two", "/replicaCount")]
    [InlineData("image.name=mine", "name")]
    [InlineData("image.pullPolicy=Sometimes", "/image/pullPolicy")]
    [InlineData("image.digest=sha256:abc", "/image/digest")]
    [InlineData("watchNamespace=My_Team", "/watchNamespace")]
    [InlineData("progress=sometimes", "/progress")]
    [InlineData("log=xml", "/log")]
    [InlineData("workers=0", "/workers")]
    [InlineData("extraArgs=--log", "/extraArgs")]
    [InlineData("extraEnv[0].value=x", "/extraEnv/0")]
    [InlineData("volumes[0].name=models", "/volumes/0")]
    [InlineData("volumes[0].claim=models,volumes[0].mountPath=/x", "mountPath")]
    [InlineData("trainer.serviceAccount.namespaces[0]=Not_A_Name", "/trainer/serviceAccount/namespaces/0")]
    [InlineData("trainer.image.repository=mine", "/trainer/image")]
    [InlineData("resources.limit.memory=1Gi", "limit")]
    [InlineData("resources.limits.memory=much", "/resources/limits/memory")]
    [InlineData("podDisruptionBudget.minAvailable=half", "/podDisruptionBudget/minAvailable")]
    [InlineData("networkPolicy.apiServerCIDRs[0]=10.0.0.1", "/networkPolicy/apiServerCIDRs/0")]
    [InlineData("networkPolicy.trainer.ports[0]=70000", "/networkPolicy/trainer/ports/0")]
    [InlineData("metrics.podMonitor.enabled=maybe", "/metrics/podMonitor/enabled")]
    [InlineData("metrics.serviceMonitor.interval=often", "/metrics/serviceMonitor/interval")]
    [InlineData("crds.keep=yes", "/crds/keep")]
    [InlineData("rbac.create=1", "/rbac/create")]
    public async Task AWrongValueIsRefusedByItsName(string value, string name)
    {
        var (exitCode, output, error) = await Helm.RunAsync(["template", "cpt-operator", Helm.Chart, "--set", value]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains("don't meet the specifications of the schema", error, StringComparison.Ordinal);
        Assert.Contains(name, error, StringComparison.Ordinal);
        Assert.Empty(output);
    }
}

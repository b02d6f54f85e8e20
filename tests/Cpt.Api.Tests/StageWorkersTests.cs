namespace Cpt.Api.Tests;

public sealed class StageWorkersTests
{
    [Theory]
    [InlineData("", "", 1, 1)]
    [InlineData("template: {nodes: 2, processesPerNode: 8}", "", 2, 8)]
    [InlineData("template: {nodes: 2, processesPerNode: 8}", "template: {nodes: 1}", 1, 8)]
    [InlineData("", "template: {processesPerNode: 3}", 1, 3)]
    public void AStagesOwnTemplateComesFirst(string common, string own, int nodes, int processes)
    {
        var run = ManifestReader.Read($$"""
            apiVersion: cpt.dev/v1alpha1
            kind: ContinualRun
            metadata: {name: crew}
            spec:
              baseModel: {uri: bundled://models/digits-base}
              storage: {uri: pvc://checkpoints/crew}
              {{common}}
              stages:
              - name: parity
                method: SFT
                task: {uri: "generated://digits/parity?seed=1"}
                {{own}}
            """, "crew.yaml");

        Assert.Empty(RunValidator.Validate(run));
        Assert.Equal(new StageWorkers(nodes, processes), StageWorkers.Of(run, 0));
        Assert.Equal(nodes * processes, StageWorkers.Of(RunDefaults.Apply(run), 0).Count);
    }
}

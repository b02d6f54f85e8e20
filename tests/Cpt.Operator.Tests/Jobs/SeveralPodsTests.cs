using Cpt.Api;
using Cpt.Contract;
using Cpt.Operator.Jobs;
using Cpt.Operator.Tests.Cluster;
using Cpt.Planning;
using Cpt.Runs;
using Cpt.Storage;

namespace Cpt.Operator.Tests.Jobs;

/// <summary>The pods of a stage with several nodes, as processes of this machine: the trainer's own program with the arguments and the environment that the Job gives it.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SeveralPodsTests : IDisposable
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    private readonly string _root = Directory.CreateTempSubdirectory("cpt-pods-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task TheyFindEachOtherAndCommitOneCheckpoint()
    {
        var job = await JobAsync(processes: 2, steps: 4);
        await using var first = PodProcess.Start(_root, job, 0);
        await using var second = PodProcess.Start(_root, job, 1);

        Assert.True(await first.ExitAsync() == ExitCodes.Done, first.Log);
        Assert.True(await second.ExitAsync() == ExitCodes.Done, second.Log);
        var (one, other) = (first.Result(), second.Result());
        Assert.NotNull(one.CheckpointDigest);
        Assert.Equal((one.CheckpointDigest, one.Step, one.Tokens), (other.CheckpointDigest, other.Step, other.Tokens));
        Assert.Equal(one.Scores, other.Scores);
        Assert.NotEmpty(one.Scores);
    }

    [Fact]
    public async Task AWorkerKilledInOneEndsBothAndBothSayWhich()
    {
        var job = await JobAsync(processes: 1, steps: 100_000);
        await using var first = PodProcess.Start(_root, job, 0);
        await using var second = PodProcess.Start(_root, job, 1);
        await Eventually.ThatAsync(() => first.Log.Contains("\"event\":\"step\"", StringComparison.Ordinal) || first.HasExited);

        WorkerProcesses.Signal(Assert.Single(WorkerProcesses.Of(second.Id)), SigKill);

        Assert.True(await first.ExitAsync() == ExitCodes.Internal, first.Log);
        Assert.True(await second.ExitAsync() == ExitCodes.Internal, second.Log);
        Assert.Equal("WorkerLost", first.Result().Reason);
        Assert.StartsWith("worker 1 of 2 (process ", first.Result().Message, StringComparison.Ordinal);
        Assert.StartsWith("worker 1 of 2 was killed by signal 9 (SIGKILL)", second.Result().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APreemptionOfOneSavesInBoth()
    {
        var job = await JobAsync(processes: 1, steps: 100_000);
        await using var first = PodProcess.Start(_root, job, 0);
        await using var second = PodProcess.Start(_root, job, 1);
        await Eventually.ThatAsync(() => first.Log.Contains("\"event\":\"step\"", StringComparison.Ordinal) || first.HasExited);

        // The kubelet's SIGTERM reaches the pod's first process.
        WorkerProcesses.Signal(second.Id, SigTerm);

        Assert.True(await first.ExitAsync() == ExitCodes.Stopped, first.Log);
        Assert.True(await second.ExitAsync() == ExitCodes.Stopped, second.Log);
        Assert.True(first.Result().Step > 0);
        Assert.Equal(first.Result().Step, second.Result().Step);
        Assert.Contains($"committed up to step {first.Result().Step} of", first.Result().Message, StringComparison.Ordinal);
    }

    private async Task<Kubernetes.Job> JobAsync(int processes, int steps)
    {
        var run = ManifestReader.Read($$"""
            apiVersion: cpt.dev/v1alpha1
            kind: ContinualRun
            metadata: {name: crew, namespace: ml}
            spec:
              baseModel: {uri: bundled://models/digits-base}
              storage: {uri: pvc://checkpoints/crew}
              checkpoint: {intervalSteps: 0}
              template: {nodes: 2, processesPerNode: {{processes}}, device: cpu}
              evaluation: {maxSamples: 8, maxResponseTokens: 4}
              stages:
              - name: parity
                method: SFT
                task: {uri: "generated://digits/parity?seed=1&train=64&eval=16"}
                parameters: {steps: "{{steps}}", batchSize: "8"}
            """, "crew.yaml");
        run = run with { Metadata = run.Metadata with { Uid = A.RunUid } };
        var inputs = new InputResolver(new StorageOptions { Environment = name => name == "CPT_BUNDLE" ? PodProcess.Bundle : null });
        var digest = await inputs.DigestAsync(run.Spec.BaseModel.Uri, Path.Combine(_root, "digests"));
        var spec = StageSpecs.Build(run, 0, new StageInputs { BaseModelDigest = digest, InputDigest = digest, Attempt = 1, Baseline = true });
        return StageJob.Build(RunObject.Of(run), run, new PlanAction.CreateJob("crew-parity-a1", spec, "", Queued: false, EvaluateOnly: false), new TrainerSettings("trainer:1", null));
    }
}

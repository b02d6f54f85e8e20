using System.Text.Json;
using Cpt.Kubernetes;
using Cpt.Operator.Observing;
using Cpt.Planning;

namespace Cpt.Operator.Tests.Observing;

public sealed class JobObserverTests
{
    private const string Stopped = """{"version":1,"stage":"parity","attempt":2,"stageHash":"0123456789abcdef0123456789abcdef01234567","exitCode":75,"reason":"Stopped","step":40,"steps":100}""";

    [Fact]
    public void LabelsAndAnnotationsSayWhichAttemptItIs()
    {
        var seen = Observe(A.Job())!;

        Assert.Equal(("demo-parity-a2", "parity", 2, A.Hash, "token-1", true), (seen.Name, seen.Stage, seen.Attempt, seen.StageHash, seen.RetryToken, seen.Owned));
        Assert.Equal(A.Morning, seen.CreatedAt);
    }

    [Fact]
    public void AJobOfAnEarlierRunOfTheNameIsSomebodyElses() =>
        Assert.False(JobObserver.Observe(A.Job(), [], [], "another-uid")!.Owned);

    [Fact]
    public void AJobWithoutTheLabelsOfAnAttemptIsNone() => Assert.Null(Observe(A.Job(job => job.Metadata.Labels = null)));

    public static TheoryData<string, Job, Pod[], JobPhase> Living => new()
    {
        { "suspended, no pod", A.Job(job => job.Spec.Suspend = true), [], JobPhase.Queued },
        { "no pod yet", A.Job(), [], JobPhase.Pending },
        { "not scheduled", A.Job(), [A.Pod("Pending")], JobPhase.Pending },
        { "image is pulled", A.Job(), [A.Pod("Pending", new ContainerState { Waiting = new() { Reason = "ContainerCreating" } })], JobPhase.Pending },
        { "trains", A.Job(), [Running()], JobPhase.Running },
        { "pod has ended, Job not marked", A.Job(), [A.Exited(70)], JobPhase.Running },
        { "Job is failing, pod still ends", A.Job().Ended("Failed"), [Running()], JobPhase.Running },
        { "is about to fail", A.Job().Ended("FailureTarget"), [A.Exited(70)], JobPhase.Running },
        { "one of two workers", A.Job(job => job.Spec.Completions = 2), [Running(), A.Pod("Pending")], JobPhase.Pending },
        { "both workers", A.Job(job => job.Spec.Completions = 2), [Running(), Running()], JobPhase.Running },
    };

    [Theory]
    [MemberData(nameof(Living))]
    public void AJobLivesUntilTheJobControllerSaysOtherwise(string name, Job job, Pod[] pods, JobPhase phase)
    {
        var seen = Observe(job, pods)!;

        Assert.True(seen.Phase == phase, $"{name}: {seen.Phase}");
        Assert.True(seen.Live);
        Assert.Null(seen.ExitCode);
    }

    public static TheoryData<string, Pod, int?, string[], AttemptEnd> Ends => new()
    {
        { "saved and stopped", A.Exited(75, Stopped), 75, [], AttemptEnd.Preempted },
        { "drained", A.Exited(75, Stopped).Disrupted("EvictionByEvictionAPI"), 75, ["EvictionByEvictionAPI", "DisruptionTarget"], AttemptEnd.Preempted },
        { "drained without saving", A.Exited(137).Disrupted("DeletionByTaintManager"), 137, ["DeletionByTaintManager", "DisruptionTarget"], AttemptEnd.Preempted },
        { "evicted by the kubelet", A.Pod("Failed", reason: "Evicted"), null, ["Evicted"], AttemptEnd.Preempted },
        { "node shut down", A.Pod("Failed", reason: "Terminated"), null, ["Terminated"], AttemptEnd.Preempted },
        { "node lost", A.Pod("Failed", reason: "NodeLost"), null, ["NodeLost"], AttemptEnd.Preempted },
        { "out of memory", A.Exited(137, reason: "OOMKilled"), 137, ["OOMKilled"], AttemptEnd.Failed },
        { "crashed", A.Exited(70), 70, [], AttemptEnd.Failed },
        { "bad data", A.Exited(65), 65, [], AttemptEnd.Permanent },
        { "bad data on a drained node", A.Exited(65).Disrupted("EvictionByEvictionAPI"), 65, ["EvictionByEvictionAPI", "DisruptionTarget"], AttemptEnd.Permanent },
        { "killed by somebody", A.Exited(143), 143, [], AttemptEnd.Failed },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void AnEndIsToldByItsExitCodeAndByWhatKubernetesSaysOfThePod(string name, Pod pod, int? exitCode, string[] reasons, AttemptEnd end)
    {
        var seen = Observe(A.Job().Ended("Failed", "BackoffLimitExceeded"), pod)!;

        Assert.True(seen.Phase == JobPhase.Failed, name);
        Assert.Equal(exitCode, seen.ExitCode);
        Assert.Equal(reasons, seen.Reasons);
        Assert.Equal(end, AttemptEnds.Of(seen));
    }

    [Fact]
    public void TheTerminationMessageIsTheTrainersResult()
    {
        var seen = Observe(A.Job().Ended("Failed"), A.Exited(75, Stopped))!;

        Assert.Equal(("Stopped", 40), (seen.Result!.Reason, seen.Result.Step));
        Assert.Equal((A.Morning.AddMinutes(1), A.Morning.AddMinutes(8)), (seen.StartedAt, seen.FinishedAt));
    }

    [Theory]
    [InlineData("""{"version":1,"stage":"par""")]
    [InlineData("Segmentation fault")]
    [InlineData("""{"other":"program"}""")]
    [InlineData("")]
    public void ATerminationMessageThatIsNoResultIsNone(string message)
    {
        var seen = Observe(A.Job().Ended("Failed"), A.Exited(139, message))!;

        Assert.Equal((139, null), (seen.ExitCode, seen.Result));
    }

    [Fact]
    public void ACompleteJobSucceededWhetherItsPodIsStillThereOrNot()
    {
        var with = Observe(A.Job().Ended("Complete"), A.Exited(0))!;
        var without = Observe(A.Job().Ended("Complete"))!;

        Assert.Equal((JobPhase.Succeeded, 0, A.Morning.AddMinutes(8)), (with.Phase, with.ExitCode, with.FinishedAt));
        Assert.Equal((JobPhase.Succeeded, 0, A.Morning.AddMinutes(9)), (without.Phase, without.ExitCode, without.FinishedAt));
    }

    [Fact]
    public void WithoutItsPodAFailedJobIsReadFromTheFailurePolicysWords()
    {
        var stopped = Observe(A.Job().Ended("Failed", "PodFailurePolicy", "Container trainer for pod ml/demo-parity-a2-x failed with exit code 75 matching FailJob rule at index 0"))!;
        var drained = Observe(A.Job().Ended("Failed", "PodFailurePolicy", "Pod ml/demo-parity-a2-x has condition DisruptionTarget matching FailJob rule at index 1"))!;

        Assert.Equal((75, AttemptEnd.Preempted), (stopped.ExitCode, AttemptEnds.Of(stopped)));
        Assert.Equal(["DisruptionTarget"], drained.Reasons);
        Assert.Equal(AttemptEnd.Preempted, AttemptEnds.Of(drained));
    }

    [Fact]
    public void AJobThatCountedAFailedPodWhichIsNowhereLostIt()
    {
        var seen = Observe(A.Job().Ended("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"))!;

        Assert.Equal((null, AttemptEnd.Preempted), (seen.ExitCode, AttemptEnds.Of(seen)));
        Assert.Equal(["PodGone", "BackoffLimitExceeded"], seen.Reasons);
        Assert.Equal("Job has reached the specified backoff limit", seen.Message);
    }

    [Fact]
    public void AJobThatRanIntoALimitOfItsOwnIsAFailure()
    {
        var seen = Observe(A.Job().Ended("Failed", "DeadlineExceeded", "Job was active longer than specified deadline"))!;

        Assert.Equal(AttemptEnd.Failed, AttemptEnds.Of(seen));
        Assert.Equal(["DeadlineExceeded"], seen.Reasons);
    }

    [Fact]
    public void OfSeveralWorkersTheFirstToEndDecidesUnlessOneKnowsBetter()
    {
        var crashed = Observe(A.Job().Ended("Failed"), A.Exited(70, minute: 5), A.Exited(75, minute: 4))!;
        var drained = Observe(A.Job().Ended("Failed"), A.Exited(70, minute: 5), A.Exited(137, minute: 6).Disrupted("EvictionByEvictionAPI"))!;
        var wrong = Observe(A.Job().Ended("Failed"), A.Exited(70, minute: 5), A.Pod("Failed", reason: "Evicted"), A.Exited(65, minute: 7))!;

        Assert.Equal(75, crashed.ExitCode);
        Assert.Equal(AttemptEnd.Preempted, AttemptEnds.Of(drained));
        Assert.Equal(65, wrong.ExitCode);
    }

    [Fact]
    public void WhyAPodDoesNotStartIsTold()
    {
        var unscheduled = A.Pod("Pending");
        unscheduled.Status!.Conditions = [new() { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." }];
        var missing = A.Pod("Pending", new ContainerState { Waiting = new() { Reason = "ImagePullBackOff", Message = "Back-off pulling image \"x\"" } });

        Assert.Equal(("Unschedulable", "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."), (Assert.Single(Observe(A.Job(), unscheduled)!.Reasons), Observe(A.Job(), unscheduled)!.Message));
        Assert.Equal(("ImagePullBackOff", "Back-off pulling image \"x\""), (Assert.Single(Observe(A.Job(), missing)!.Reasons), Observe(A.Job(), missing)!.Message));
    }

    [Fact]
    public void AJobThatIsBeingDeletedIsStoppingAndLives()
    {
        var seen = Observe(A.Job(job => job.Metadata.DeletionTimestamp = A.Morning), Running())!;

        Assert.True(seen.Stopping);
        Assert.True(seen.Live);
    }

    [Fact]
    public void ASuspendedJobThatRanWasTakenBackByItsQueue()
    {
        var suspended = A.Job(job => job.Spec.Suspend = true);

        Assert.False(JobObserver.IsEvictedByQueue(suspended, [], ran: false));
        Assert.True(JobObserver.IsEvictedByQueue(suspended, [], ran: true));
        Assert.True(JobObserver.IsEvictedByQueue(suspended, [Running()], ran: false));
        Assert.False(JobObserver.IsEvictedByQueue(A.Job(), [Running()], ran: true));
        Assert.False(JobObserver.IsEvictedByQueue(A.Job(job => job.Spec.Suspend = true).Ended("Failed"), [], ran: true));
    }

    [Fact]
    public void ThePodThatIsRemovedBeforeItsJobFailsIsRemembered()
    {
        var ends = new PodEnds();
        var pod = A.Exited(75, Stopped).Disrupted("EvictionByEvictionAPI");
        ends.Note(pod);
        Assert.Empty(ends.Of(A.JobUid));

        pod.Metadata.DeletionTimestamp = A.Morning;
        ends.Note(pod);
        ends.Note(pod);
        var seen = JobObserver.Observe(A.Job().Ended("Failed"), [], ends.Of(A.JobUid), A.RunUid)!;
        Assert.Equal((75, AttemptEnd.Preempted), (seen.ExitCode, AttemptEnds.Of(seen)));

        ends.Forget(A.JobUid);
        Assert.Empty(ends.Of(A.JobUid));
    }

    [Fact]
    public void WhatIsStrippedFromJobsAndPodsChangesNoObservation()
    {
        var job = A.JobOf(A.Run(), attempt: 2);
        (job.Metadata.Uid, job.Metadata.CreationTimestamp) = (A.JobUid, A.Morning);
        var pod = A.Exited(75, Stopped).Disrupted("EvictionByEvictionAPI");
        pod.Spec = job.Spec.Template.Spec;
        pod.Metadata.Annotations = job.Spec.Template.Metadata!.Annotations;
        var before = JsonSerializer.Serialize(Observe(job.Ended("Failed"), pod));

        var slim = (Job: Slim.Job(job), Pod: Slim.Pod(pod));

        Assert.Equal(before, JsonSerializer.Serialize(Observe(slim.Job, slim.Pod)));
        Assert.InRange(JsonSerializer.Serialize(slim.Job, KubernetesJson.Default.Job).Length, 1, 1200);
        Assert.InRange(JsonSerializer.Serialize(slim.Pod, KubernetesJson.Default.Pod).Length, 1, 1500);
    }

    private static ObservedJob? Observe(Job job, params Pod[] pods) => JobObserver.Observe(job, pods, [], A.RunUid);

    private static Pod Running() => A.Pod("Running", new ContainerState { Running = new() { StartedAt = A.Morning } });
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Api.Tests.Schema;

/// <summary>What people see of a run through the real kubectl.</summary>
[Trait("Category", "Cluster")]
public sealed partial class KubectlTests(ApiServer server)
{
    public static TheoryData<string, string[]> Explained => new()
    {
        { "continualrun", ["one base model that learns one task after another"] },
        { "continualrun.spec", ["The tasks to learn, in this order.", "True: save, stop the pods and keep all progress.", "What happens after an attempt fails.", "IfUnchanged: A stage with the same input weights"] },
        { "continualrun.spec.seed", ["Defaults to 0.", "May not change once the run exists."] },
        { "continualrun.spec.stages", ["Unique in the run; also the task's column in the matrix, unless", "SFT: Supervised fine-tuning on the task's answers.", "learningRate, epochs, steps, batchSize", "required-"] },
        { "crun.spec.stages.rft", ["Rollouts a prompt. Defaults to 8.", "GRPO: Group-normalised rewards", "Weight of the KL term in the loss; \"0\" = none."] },
        { "crun.status", ["Mean score over the tasks learned so far, percent.", "When the next attempt starts after a failure.", "One entry for each stage of spec.stages, in order."] },
        { "crun.status.stages", ["Attempts that were taken away: they cost no retry."] },
    };

    [Theory]
    [MemberData(nameof(Explained))]
    public async Task ExplainSaysWhatAFieldIsFor(string what, string[] sentences)
    {
        await server.StartAsync();
        var text = Blanks().Replace(await server.Kubectl.OutputAsync(["explain", what]), " ");
        Assert.All(sentences, sentence => Assert.Contains(sentence, text, StringComparison.Ordinal));
        Assert.DoesNotContain("<empty>", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryExampleIsAppliedAndUnderstoodAsItWasWritten()
    {
        var @namespace = await server.StartAsync();
        foreach (var path in Directory.GetFiles(Path.Combine(Repository.Root, "examples"), "*.yaml"))
        {
            await server.Kubectl.OutputAsync(["-n", @namespace, "apply", "--server-side", "--dry-run=server", "-f", path]);
            await server.Kubectl.OutputAsync(["-n", @namespace, "apply", "--dry-run=server", "-f", path]);
            await server.Kubectl.OutputAsync(["-n", @namespace, "apply", "--server-side", "-f", path]);
            var written = RunDefaults.Apply(ManifestReader.Read(await File.ReadAllTextAsync(path), path));
            var stored = await server.Client.RawAsync(HttpMethod.Get, Place(@namespace, written.Metadata.Name));
            Assert.Equal(Spec(written), Spec(RunDefaults.Apply(stored.Deserialize(RunsJson.Default.RunObject)!.ToRun())));
        }
    }

    [Fact]
    public async Task EveryFieldThatIsSetComesBack()
    {
        var @namespace = await server.StartAsync();
        await server.Kubectl.OutputAsync(["-n", @namespace, "apply", "--server-side", "-f", "-"], RunJson.Everything);
        var stored = await server.Client.RawAsync(HttpMethod.Get, Place(@namespace, "everything"));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(RunJson.Of(RunJson.Everything)["spec"]!.ToJsonString()), stored!["spec"]), stored["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task WhatWasLeftOutComesBackWithItsDefaultAndWhatIsUnknownDoesNotComeBack()
    {
        var @namespace = await server.StartAsync();
        var run = RunJson.Of(ManifestText.Valid);
        run["spec"]!["flavour"] = "sweet";
        run["spec"]!["stages"]![0]!["rft"]!["groupsize"] = 4;
        run["spec"]!["stages"]![0]!["parameters"]!["setps"] = "7";
        var stored = await server.Client.RawAsync(HttpMethod.Post, Place(@namespace, ""), run);

        var spec = stored!["spec"]!;
        Assert.Equal((false, 0, "Retain", 2), (spec["suspend"]!.GetValue<bool>(), spec["seed"]!.GetValue<int>(), spec["storage"]!["deletionPolicy"]!.GetValue<string>(), spec["storage"]!["retention"]!["checkpointsPerStage"]!.GetValue<int>()));
        Assert.Equal("""{"device":"auto","nodes":1,"processesPerNode":1,"terminationGracePeriodSeconds":180}""", spec["template"]!.ToJsonString());
        Assert.Null(spec["flavour"]);
        Assert.Equal("""{"groupSize":8}""", spec["stages"]![0]!["rft"]!.ToJsonString());
        // A parameter that nobody knows is kept, for the operator to refuse it.
        Assert.Contains("spec.stages.parameters.setps", RunJson.OperatorRefuses(stored));
    }

    [Fact]
    public async Task AnEmptyRetryTokenIsAText()
    {
        var @namespace = await server.StartAsync();
        var run = RunJson.Of(ManifestText.Valid);
        run["spec"]!["retryToken"] = "";
        var stored = await server.Client.RawAsync(HttpMethod.Post, Place(@namespace, ""), run);
        Assert.Equal("", stored!["spec"]!["retryToken"]!.GetValue<string>());
    }

    [Fact]
    public async Task AFieldThatIsMisspeltIsRefusedByName()
    {
        var @namespace = await server.StartAsync();
        var result = await server.Kubectl.RunAsync(["-n", @namespace, "apply", "--dry-run=server", "-f", "-"], ManifestText.With("groupSize", "groupsize"));
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("groupsize", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ColumnsShowHowARunStandsAndWideOnesTheRest()
    {
        var @namespace = await server.StartAsync();
        var run = LongRun.Spec();
        await server.Kubectl.OutputAsync(["-n", @namespace, "apply", "--server-side", "-f", "-"], ManifestReader.Write(run));
        var status = JsonSerializer.SerializeToNode(LongRun.Status(run), ApiJson.Default.ContinualRunStatus);
        await server.Client.PatchStatusAsync<RunObject>(run.Metadata.Name, @namespace, Patch.Merge(new JsonObject { ["status"] = status }));

        var (narrow, wide) = (await TableAsync("get", "crun"), await TableAsync("get", "continualruns", "-o", "wide"));
        Assert.Equal(["NAME", "SUCCEEDED", "REASON", "STAGE", "DONE", "PROGRESS", "AVGACC", "FM", "AGE"], narrow[0]);
        Assert.Equal(["sixty-four-tasks", "False", "RetriesExhausted", "task-number-63", "63/64", "1950/2000", "64.53", "-12.35"], narrow[1][..^1]);
        Assert.Equal([.. narrow[0], "METHODS", "RETRIES", "PREEMPTIONS", "CHECKPOINT", "MODEL"], wide[0]);
        Assert.Equal(["RFT", "192", "64", LongRun.Status(run).Checkpoint!, "azblob://models/qwen2.5-7b-instruct"], wide[1][^5..]);
        Assert.Equal(narrow[1][0], (await TableAsync("get", "cpt"))[1][0].Split('/')[^1]);

        async Task<List<string[]>> TableAsync(params string[] arguments) =>
            [.. (await server.Kubectl.OutputAsync(["-n", @namespace, .. arguments])).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
    }

    [Fact]
    public async Task WaitSeesTheConditionAndTheStatusIsNoPartOfTheSpec()
    {
        var @namespace = await server.StartAsync();
        var run = RunJson.Of(ManifestText.Valid);
        run["status"] = new JsonObject { ["reason"] = "Forged" };
        var created = await server.Client.RawAsync(HttpMethod.Post, Place(@namespace, ""), run);
        Assert.Null(created!["status"]);

        var condition = new Condition { Type = ConditionTypes.Succeeded, Status = ConditionStatus.True, Reason = Reasons.AllStagesFinished, LastTransitionTime = DateTimeOffset.UnixEpoch };
        var status = JsonSerializer.SerializeToNode(new ContinualRunStatus { Conditions = [condition] }, ApiJson.Default.ContinualRunStatus);
        var patched = await server.Client.PatchStatusAsync<RunObject>("demo", @namespace, Patch.Merge(new JsonObject { ["status"] = status }));
        Assert.Equal(1, patched.Metadata.Generation);
        Assert.Contains("condition met", await server.Kubectl.OutputAsync(["-n", @namespace, "wait", "--for=condition=Succeeded", "crun/demo", "--timeout=30s"]), StringComparison.Ordinal);
    }

    private static string Place(string @namespace, string name) => $"/apis/cpt.dev/v1alpha1/namespaces/{@namespace}/continualruns/{name}".TrimEnd('/');

    private static string Spec(ContinualRun run) => JsonNode.Parse(ManifestReader.Write(run))!["spec"]!.ToJsonString();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}

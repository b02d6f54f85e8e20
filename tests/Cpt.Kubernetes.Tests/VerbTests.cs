using System.Text.Json.Nodes;

namespace Cpt.Kubernetes.Tests;

/// <summary>Every verb, against the real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class VerbTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    private KubernetesClient Client => server.Client;

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task WhatWasCreatedIsReadBack()
    {
        var created = await Client.CreateAsync(new ConfigMap
        {
            Metadata = new() { Name = "a", Namespace = _namespace, Labels = new() { ["app"] = "cpt" } },
            Data = new() { ["key"] = "väl" },
            BinaryData = new() { ["bytes"] = [0, 255, 7] },
        });
        var read = await Client.GetAsync<ConfigMap>("a", _namespace);

        Assert.Equal(created.Metadata.Uid, read.Metadata.Uid);
        Assert.Equal("väl", read.Data!["key"]);
        Assert.Equal([0, 255, 7], read.BinaryData!["bytes"]);
        Assert.Equal("cpt", read.Metadata.Labels!["app"]);
        Assert.NotNull(read.Metadata.CreationTimestamp);
    }

    [Fact]
    public async Task AGeneratedNameComesBack()
    {
        var created = await Client.CreateAsync(new ConfigMap { Metadata = new() { GenerateName = "run-", Namespace = _namespace } });
        Assert.Matches("^run-[a-z0-9]{5}$", created.Metadata.Name);
    }

    [Fact]
    public async Task WhatIsNotThereIsNotFoundOrNull()
    {
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => Client.GetAsync<ConfigMap>("none", _namespace));
        Assert.True(refused.IsNotFound);
        Assert.Equal("none", refused.Status.Details!.Name);
        Assert.Contains($"GET /api/v1/namespaces/{_namespace}/configmaps/none: 404", refused.Message, StringComparison.Ordinal);
        Assert.Null(await Client.TryGetAsync<ConfigMap>("none", _namespace));
    }

    [Fact]
    public async Task ASecondOneOfTheSameNameAlreadyExistsAndIsNoConflict()
    {
        await Client.CreateAsync(Widget.Named("w", _namespace));
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => Client.CreateAsync(Widget.Named("w", _namespace)));
        Assert.True(refused.IsAlreadyExists);
        Assert.False(refused.IsConflict);
    }

    [Fact]
    public async Task AnInvalidObjectNamesItsFields()
    {
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => Client.CreateAsync(Widget.Named("w", _namespace, new() { Color = "mauve", Replicas = -1 })));
        Assert.True(refused.IsInvalid);
        Assert.Equal(StatusReason.Invalid, refused.Reason);
        Assert.Contains(refused.Causes, cause => cause.Field == "spec.color" && cause.Message!.Contains("mauve", StringComparison.Ordinal));
        Assert.Contains(refused.Causes, cause => cause.Field == "spec.replicas");
    }

    [Fact]
    public async Task AMergePatchLeavesWhatItDoesNotName()
    {
        await Client.CreateAsync(new ConfigMap { Metadata = new() { Name = "a", Namespace = _namespace }, Data = new() { ["one"] = "1", ["two"] = "2" } });
        var patched = await Client.PatchAsync<ConfigMap>("a", _namespace, Patch.Merge(new() { ["data"] = new JsonObject { ["two"] = null, ["three"] = "3" } }));
        Assert.Equal(["one", "three"], patched.Data!.Keys.Order());
    }

    [Fact]
    public async Task AJsonPatchIsAllOrNothing()
    {
        await Client.CreateAsync(new ConfigMap { Metadata = new() { Name = "a", Namespace = _namespace }, Data = new() { ["one"] = "1" } });
        var annotation = JsonPatch.Pointer("metadata", "annotations", "cpt.dev/retry");

        var done = await Client.PatchAsync<ConfigMap>(
            "a", _namespace, Patch.Json(new JsonPatch().Test("/data/one", "1").Add("/metadata/annotations", new JsonObject()).Add(annotation, "x").Replace("/data/one", "2")));
        Assert.Equal("x", done.Metadata.Annotations!["cpt.dev/retry"]);

        var refused = await Assert.ThrowsAsync<KubernetesException>(
            () => Client.PatchAsync<ConfigMap>("a", _namespace, Patch.Json(new JsonPatch().Remove(annotation).Test("/data/one", "1"))));
        Assert.True(refused.IsInvalid);
        Assert.Equal("x", (await Client.GetAsync<ConfigMap>("a", _namespace)).Metadata.Annotations!["cpt.dev/retry"]);
    }

    [Fact]
    public async Task AStrategicMergePatchMergesListsByTheirKey()
    {
        await Client.CreateAsync(APod("p"));
        var patched = await Client.PatchAsync<Pod>("p", _namespace, Patch.StrategicMerge((JsonObject)JsonNode.Parse("""{"spec":{"containers":[{"name":"main","image":"other"}]}}""")!));
        Assert.Equal("other", Assert.Single(patched.Spec.Containers).Image);
        Assert.Equal(["run"], patched.Spec.Containers[0].Command);
    }

    [Fact]
    public async Task AppliedFieldsAreOwnedAndTakenOverOnlyByForce()
    {
        var mine = new ApplyOptions { FieldManager = "mine" };
        await Client.ApplyAsync(Widget.Named("w", _namespace, new() { Color = "red", Replicas = 1 }), mine);

        var theirs = new ApplyOptions { FieldManager = "theirs" };
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => Client.ApplyAsync(Widget.Named("w", _namespace, new() { Color = "blue" }), theirs));
        Assert.True(refused.IsConflict);
        var cause = Assert.Single(refused.Causes);
        Assert.Equal(".spec.color", cause.Field);
        Assert.Contains("mine", cause.Message, StringComparison.Ordinal);

        var taken = await Client.ApplyAsync(Widget.Named("w", _namespace, new() { Color = "blue" }), theirs with { Force = true });
        Assert.Equal(("blue", 1), (taken.Spec.Color, taken.Spec.Replicas));
    }

    [Fact]
    public async Task WhatAnApplyLeavesOutIsRemovedWhenItWasItsOwn()
    {
        await Client.ApplyAsync(Widget.Named("w", _namespace, new() { Color = "red", Parts = [new() { Name = "a", Weight = 1 }, new() { Name = "b" }] }));
        var applied = await Client.ApplyAsync(Widget.Named("w", _namespace, new() { Parts = [new() { Name = "b", Weight = 2 }] }));
        Assert.Null(applied.Spec.Color);
        Assert.Equal(("b", 2), (Assert.Single(applied.Spec.Parts!).Name, applied.Spec.Parts![0].Weight));
    }

    [Fact]
    public async Task AStatusPatchChangesTheStatusAlone()
    {
        await Client.CreateAsync(Widget.Named("w", _namespace, new() { Color = "red" }));
        var patched = await Client.PatchStatusAsync<Widget>(
            "w", _namespace, Patch.Merge(new() { ["spec"] = new JsonObject { ["color"] = "blue" }, ["status"] = new JsonObject { ["phase"] = "Ready" } }));
        Assert.Equal(("red", "Ready"), (patched.Spec.Color, patched.Status!.Phase));
        Assert.Equal(1, patched.Metadata.Generation);

        var ordinary = await Client.PatchAsync<Widget>("w", _namespace, Patch.Set("status", new JsonObject { ["phase"] = "Lost" }));
        Assert.Equal("Ready", ordinary.Status!.Phase);
    }

    [Fact]
    public async Task AnAppliedStatusReachesTheStatus()
    {
        await Client.CreateAsync(Widget.Named("w", _namespace));
        var applied = await Client.ApplyStatusAsync(Widget.Named("w", _namespace) with { Status = new() { Phase = "Ready", Replicas = 3 } }, new() { FieldManager = "status", Force = true });
        Assert.Equal("Ready", applied.Status!.Phase);
    }

    [Fact]
    public async Task ScaleIsReadAndPatched()
    {
        await Client.CreateAsync(Widget.Named("w", _namespace, new() { Replicas = 2 }));
        Assert.Equal(2, (await Client.GetScaleAsync<Widget>("w", _namespace)).Spec.Replicas);
        var scaled = await Client.PatchScaleAsync<Widget>("w", _namespace, Patch.Set("spec", new JsonObject { ["replicas"] = 5 }));
        Assert.Equal(5, scaled.Spec.Replicas);
        Assert.Equal(5, (await Client.GetAsync<Widget>("w", _namespace)).Spec.Replicas);
    }

    [Fact]
    public async Task ADryRunChecksAndStoresNothing()
    {
        var dry = new WriteOptions { DryRun = true };
        Assert.NotNull((await Client.CreateAsync(Widget.Named("w", _namespace), dry)).Metadata.Uid);
        Assert.Null(await Client.TryGetAsync<Widget>("w", _namespace));
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => Client.CreateAsync(Widget.Named("w", _namespace, new() { Color = "mauve" }), dry))).IsInvalid);

        await Client.CreateAsync(Widget.Named("w", _namespace));
        Assert.Equal("red", (await Client.PatchAsync<Widget>("w", _namespace, Patch.Set("spec", new JsonObject { ["color"] = "red" }), dry)).Spec.Color);
        await Client.DeleteAsync<Widget>("w", _namespace, new() { DryRun = true });
        Assert.Null((await Client.GetAsync<Widget>("w", _namespace)).Spec.Color);
    }

    [Fact]
    public async Task AnUnknownFieldIsRefusedWhenValidationIsStrict()
    {
        if (!(await Client.GetVersionAsync()).IsAtLeast(27))
        {
            Assert.Skip("servers before 1.27 drop unknown fields silently");
        }

        await Client.CreateAsync(Widget.Named("w", _namespace));
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => Client.PatchAsync<Widget>(
            "w", _namespace, Patch.Set("spec", new JsonObject { ["colour"] = "red" }), new() { FieldValidation = FieldValidation.Strict }));
        Assert.Contains("spec.colour", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsDeletedIsGone()
    {
        await Client.CreateAsync(Widget.Named("w", _namespace));
        Assert.Null(await Client.DeleteAsync<Widget>("w", _namespace));
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => Client.DeleteAsync<Widget>("w", _namespace))).IsNotFound);
    }

    [Fact]
    public async Task AFinalizerHoldsWhatIsDeleted()
    {
        var held = Widget.Named("w", _namespace);
        held.Metadata.Finalizers = ["test.cpt.dev/hold"];
        await Client.CreateAsync(held);

        var deleting = await Client.DeleteAsync<Widget>("w", _namespace);
        Assert.NotNull(deleting!.Metadata.DeletionTimestamp);
        await Client.PatchAsync<Widget>("w", _namespace, Patch.Set("metadata", new JsonObject { ["finalizers"] = null }));
        Assert.Null(await Client.TryGetAsync<Widget>("w", _namespace));
    }

    [Fact]
    public async Task ForegroundDeletionWaitsForTheGarbageCollector()
    {
        await Client.CreateAsync(Widget.Named("w", _namespace));
        var deleting = await Client.DeleteAsync<Widget>("w", _namespace, new() { PropagationPolicy = PropagationPolicy.Foreground });
        Assert.Equal(["foregroundDeletion"], deleting!.Metadata.Finalizers);
    }

    [Fact]
    public async Task ACollectionIsDeletedByItsLabels()
    {
        foreach (var (name, tier) in new[] { ("a", "x"), ("b", "x"), ("c", "y") })
        {
            await Client.CreateAsync(new ConfigMap { Metadata = new() { Name = name, Namespace = _namespace, Labels = new() { ["tier"] = tier } } });
        }

        await Client.DeleteCollectionAsync<ConfigMap>(new() { Namespace = _namespace, LabelSelector = "tier=x" });
        var left = await Client.ListAsync<ConfigMap>(new() { Namespace = _namespace, LabelSelector = "tier" });
        Assert.Equal("c", Assert.Single(left.Items).Metadata.Name);
    }

    [Fact]
    public async Task ANamespacedKindNeedsANamespace()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Client.GetAsync<Widget>("w"));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.CreateAsync(new Widget { Metadata = new() { Name = "w" } }));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.GetAsync<Namespace>("default", "default"));
    }

    private Pod APod(string name) => new()
    {
        Metadata = new() { Name = name, Namespace = _namespace },
        Spec = new() { Containers = [new() { Name = "main", Image = "image", Command = ["run"] }] },
    };
}

using System.Text.Json;

namespace Cpt.Api.Tests;

public sealed class ManifestReaderTests
{
    [Fact]
    public void AValidManifestIsReadWithNothingAddedToIt()
    {
        var run = ManifestReader.Read(ManifestText.Valid, "run.yaml");

        Assert.Equal("demo", run.Metadata.Name);
        Assert.Null(run.Metadata.Namespace);
        Assert.Equal(["parity", "half"], run.Spec.Stages.Select(stage => stage.Name));
        Assert.Equal([Method.RFT, Method.SFT], run.Spec.Stages.Select(stage => stage.Method));
        Assert.Equal(8, run.Spec.Stages[0].Rft!.GroupSize);
        Assert.Null(run.Spec.Stages[0].Rft!.ClipHigh);
        Assert.Equal("1e-4", run.Spec.Stages[0].Parameters!["learningRate"]);
        Assert.Null(run.Status);
    }

    /// <summary>A sentence, the line that is changed, what it becomes, and the only error due.</summary>
    public static TheoryData<string, string, string, string> SingleMistakes => new()
    {
        {
            "an unknown field names the nearest known one", "    rft:\n", "    rtf:\n",
            "12: spec.stages[0].rtf: unknown field; did you mean rft?"
        },
        {
            "an unknown field far from any lists the known ones", "kind: ContinualRun\n", "kind: ContinualRun\nflavour: x\n",
            "3: flavour: unknown field; known here: apiVersion, kind, metadata, spec, status"
        },
        {
            "a parameter beside parameters is sent below", "  - name: half\n", "  - name: half\n    batchSize: 8\n",
            "16: spec.stages[1].batchSize: unknown field; did you mean parameters.batchSize?"
        },
        {
            "a field of rft beside rft is sent below", "    rft:\n", "    klCoefficient: \"0\"\n    rft:\n",
            "12: spec.stages[0].klCoefficient: unknown field; did you mean rft.klCoefficient?"
        },
        {
            "an unquoted number where a decimal is due is shown in quotes", "learningRate: \"1e-4\"", "learningRate: 1e-4",
            "14: spec.stages[0].parameters.learningRate: 1e-4 is a number, but text is due here; write \"1e-4\" in quotes"
        },
        {
            "an unquoted whole number where text is due is shown in quotes", "steps: \"20\"", "steps: 20",
            "14: spec.stages[0].parameters.steps: 20 is a number, but text is due here; write \"20\" in quotes"
        },
        {
            "a quoted number where a number is due is shown without quotes", "groupSize: 8", "groupSize: \"8\"",
            "13: spec.stages[0].rft.groupSize: \"8\" is text, but a number is due here; write 8 without quotes"
        },
        {
            "a fraction is no whole number", "groupSize: 8", "groupSize: 7.5",
            "13: spec.stages[0].rft.groupSize: 7.5 is not a whole number"
        },
        {
            "a word that YAML reads as a boolean is shown in quotes", "name: demo", "name: no",
            "4: metadata.name: no is a boolean in YAML, but text is due here; write \"no\" in quotes"
        },
        {
            "an unknown method lists the known ones", "method: SFT", "method: DPO",
            "16: spec.stages[1].method: DPO is unknown; use one of SFT, RFT"
        },
        {
            "a misspelt value names the nearest known one", "method: SFT", "method: sft",
            "16: spec.stages[1].method: sft is unknown; did you mean SFT? use one of SFT, RFT"
        },
        {
            "a missing field is named where its owner begins", "  storage: {uri: \"pvc://checkpoints/demo\"}\n", "",
            "6: spec.storage: is missing; a map of fields (uri, secretRef, retention, deletionPolicy) is required"
        },
        {
            "an empty field is missing", "    method: SFT\n", "    method:\n",
            "15: spec.stages[1].method: is missing; one of SFT, RFT is required"
        },
        {
            "a field given twice names both lines", "    method: SFT\n", "    method: SFT\n    method: RFT\n",
            "17: spec.stages[1].method: is given twice; the first time in line 16"
        },
        {
            "a list where a map is due", "baseModel: {uri: bundled://models/digits-base}", "baseModel: [bundled://models/digits-base]",
            "6: spec.baseModel: a list stands here; a map of fields is expected (uri)"
        },
        {
            "a map where text is due", "{uri: bundled://models/digits-base}", "{uri: {a: b}}",
            "6: spec.baseModel.uri: a map stands here; text is expected"
        },
        {
            "a group of one is too small", "groupSize: 8", "groupSize: 1",
            "13: spec.stages[0].rft.groupSize: 1 is too small; a group needs at least 2 rollouts"
        },
        {
            "an unknown scheme lists the known ones", "bundled://models/digits-base", "s3://models/digits-base",
            "6: spec.baseModel.uri: \"s3://models/digits-base\" has the unknown scheme s3://; use one of azblob://, file://, pvc://, bundled://"
        },
        {
            "a file that is neither absolute nor relative is shown as both", "bundled://models/digits-base", "file://models/base",
            "6: spec.baseModel.uri: \"file://models/base\" is neither absolute nor relative; write file:///models/base or file://./models/base"
        },
        {
            "another kind is refused before its fields are", "kind: ContinualRun", "kind: Pod",
            "2: kind: \"Pod\" is not known here; it must be ContinualRun"
        },
        {
            "another version is refused", "cpt.dev/v1alpha1", "cpt.dev/v2",
            "1: apiVersion: \"cpt.dev/v2\" is not known here; it must be cpt.dev/v1alpha1"
        },
        {
            "a second document is refused where it begins", "task: {uri: \"generated://digits/half?seed=1\"}\n", "task: {uri: \"generated://digits/half?seed=1\"}\n---\na: b\n",
            "18: a second document begins here; a manifest holds one ContinualRun"
        },
        {
            "a rule between fields has a line as well", "steps: \"20\"", "steps: \"20\", epochs: \"2\"",
            "14: spec.stages[0].parameters.epochs: stands beside steps, which says the same in another unit; keep one of them"
        },
    };

    [Theory]
    [MemberData(nameof(SingleMistakes))]
    public void AMistakeIsNamedWithItsPlaceAndWhatWouldBeRight(string sentence, string line, string instead, string error)
    {
        Assert.NotEmpty(sentence);
        Assert.Equal([error], ManifestText.Errors(ManifestText.With(line, instead)));
    }

    [Fact]
    public void AllMistakesAreNamedAtOnceInTheOrderOfTheirLines()
    {
        var text = ManifestText.Valid
            .Replace("groupSize: 8", "groupSize: 1", StringComparison.Ordinal)
            .Replace("method: SFT", "methd: SFT", StringComparison.Ordinal)
            .Replace("\"1e-4\"", "0.1", StringComparison.Ordinal)
            .Replace("name: demo", "name: Demo", StringComparison.Ordinal);

        Assert.Equal(["4", "13", "14", "15", "16"], ManifestText.Errors(text).Select(error => error.Split(':')[0]));
    }

    [Fact]
    public void WrongValuesDoNotHideWhatIsWrongBetweenFields()
    {
        var text = ManifestText.Valid
            .Replace("groupSize: 8", "groupSize: 1", StringComparison.Ordinal)
            .Replace("name: half", "name: parity", StringComparison.Ordinal);

        Assert.Equal(
            [
                "13: spec.stages[0].rft.groupSize: 1 is too small; a group needs at least 2 rollouts",
                "15: spec.stages[1].name: \"parity\" is the name of entry 0 already; names must be unique",
            ],
            ManifestText.Errors(text));
    }

    [Theory]
    [InlineData("", "0: is empty; a ContinualRun is expected")]
    [InlineData("# nothing\n---\n", "0: is empty; a ContinualRun is expected")]
    [InlineData("just words", "1: is not a manifest; a map with apiVersion, kind, metadata and spec is expected")]
    [InlineData("- a\n- b\n", "1: is not a manifest; a map with apiVersion, kind, metadata and spec is expected")]
    public void TextThatIsNoManifestIsRefused(string text, string error) => Assert.Equal([error], ManifestText.Errors(text));

    [Theory]
    [InlineData("a: [1,\nb: 2\n")]
    [InlineData("a: \"x\n")]
    [InlineData("a: b: c\n")]
    [InlineData("a: *nowhere\n")]
    [InlineData("{\"a\": }}")]
    public void TextThatIsNoYamlIsRefusedWithItsPlace(string text)
    {
        var error = Assert.Single(Assert.Throws<ManifestException>(() => ManifestReader.Read(text, "run.yaml")).Errors);
        Assert.StartsWith("is neither YAML nor JSON: ", error.Message, StringComparison.Ordinal);
        Assert.True(error.Line > 0 && error.Column > 0, error.Message);
    }

    /// <summary>Cuts, doubles and swaps pieces of a valid manifest: whatever comes of it is read or refused, and nothing else is thrown.</summary>
    [Fact]
    public void NoTextMakesTheReaderFailInAnyOtherWay()
    {
        const string noise = "[]{}:,-&*!|>'\"%@`#?~ \n\t0a\u0000\ud83d";
        var random = new Random(7);
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var text = ManifestText.Valid.ToCharArray().ToList();
            for (var edit = random.Next(1, 6); edit > 0; edit--)
            {
                var at = random.Next(text.Count);
                switch (random.Next(3))
                {
                    case 0:
                        text.RemoveRange(at, Math.Min(random.Next(1, 20), text.Count - at));
                        break;
                    case 1:
                        text.Insert(at, noise[random.Next(noise.Length)]);
                        break;
                    default:
                        text.InsertRange(at, text.GetRange(at, Math.Min(random.Next(1, 20), text.Count - at)));
                        break;
                }
            }

            try
            {
                ManifestReader.Read(string.Concat(text), "run.yaml");
            }
            catch (ManifestException problem)
            {
                refused++;
                Assert.NotEmpty(problem.Errors);
            }
        }

        Assert.InRange(refused, 1000, 3000);
    }

    [Fact]
    public void AliasesThatExpandToBillionsAreRefused()
    {
        var levels = Enumerable.Range(1, 12).Select(level => $"l{level}: &l{level} [{string.Join(',', Enumerable.Repeat($"*l{level - 1}", 9))}]");
        var text = "l0: &l0 [a]\n" + string.Join('\n', levels);
        Assert.Contains("once its aliases are expanded", Assert.Single(ManifestText.Errors(text)), StringComparison.Ordinal);
    }

    [Fact]
    public void DeepNestingIsRefusedAndDoesNotOverflowTheStack() =>
        Assert.Contains("nested deeper", Assert.Single(ManifestText.Errors(new string('[', 100_000))), StringComparison.Ordinal);

    [Fact]
    public void AliasesAreReadAsWhatTheyStandFor()
    {
        var text = ManifestText.With("task: {uri: \"generated://digits/parity?seed=1\"}", "task: &t {uri: \"generated://digits/parity?seed=1\"}")
            .Replace("task: {uri: \"generated://digits/half?seed=1\"}", "task: *t", StringComparison.Ordinal);
        var run = ManifestReader.Read(text, "run.yaml");
        Assert.Equal(run.Spec.Stages[0].Task, run.Spec.Stages[1].Task);
    }

    [Fact]
    public void JsonIsReadLikeYaml()
    {
        var fromYaml = ManifestReader.Write(ManifestReader.Read(ManifestText.Valid, "run.yaml"));
        var fromJson = ManifestReader.Write(ManifestReader.Read(fromYaml, "run.json"));
        Assert.Equal(fromYaml, fromJson);
    }

    [Fact]
    public void WhatACustomResourceCarriesBesidesSurvivesTheRoundTrip()
    {
        var text = ManifestText.With("  name: demo\n", """
              name: demo
              uid: 0f5d
              resourceVersion: "17"
              generation: 3
              creationTimestamp: "2026-01-02T03:04:05Z"
              labels: {team: vision}
              annotations: {example.com/owner: "ann", kubectl.kubernetes.io/last-applied-configuration: "{}"}
              finalizers: [example.com/keep]
              ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: "1", controller: true}]
              managedFields: [{manager: kubectl, operation: Update}]

            """);
        var json = JsonDocument.Parse(ManifestReader.Write(ManifestReader.Read(text, "run.yaml"))).RootElement.GetProperty("metadata");

        Assert.Equal("ann", json.GetProperty("annotations").GetProperty("example.com/owner").GetString());
        Assert.Equal("17", json.GetProperty("resourceVersion").GetString());
        Assert.True(json.GetProperty("ownerReferences")[0].GetProperty("controller").GetBoolean());
        Assert.Equal("kubectl", json.GetProperty("managedFields")[0].GetProperty("manager").GetString());
        Assert.Equal("2026-01-02T03:04:05+00:00", json.GetProperty("creationTimestamp").GetString());
    }

    [Fact]
    public void PodFragmentsAreHandedOnAsTheyStand()
    {
        var text = ManifestText.With("  storage:", """
              template:
                resources: {limits: {nvidia.com/gpu: "8", memory: 900Gi, cpu: 4}}
                podOverrides: {nodeSelector: {pool: a100}, tolerations: [{key: gpu, operator: Exists}], hostNetwork: false}
              storage:
            """);
        var template = ManifestReader.Read(text, "run.yaml").Spec.Template!;

        Assert.Equal("""{"limits":{"nvidia.com/gpu":"8","memory":"900Gi","cpu":4}}""", template.Resources!.ToJsonString());
        Assert.False(template.PodOverrides!["hostNetwork"]!.GetValue<bool>());
        Assert.Equal("gpu", template.PodOverrides["tolerations"]![0]!["key"]!.GetValue<string>());
    }

    [Fact]
    public void AStatusCopiedFromAClusterIsKeptAndOneThatCannotBeReadIsDropped()
    {
        var kept = ManifestReader.Read(ManifestText.Valid + "status: {reason: Running, stages: [{name: parity, method: RFT, state: Running}], later: 1}\n", "run.yaml");
        Assert.Equal("Running", kept.Status!.Reason);
        Assert.Equal(StageState.Running, kept.Status.Stages[0].State);

        Assert.Null(ManifestReader.Read(ManifestText.Valid + "status: {stages: [{name: 5}]}\n", "run.yaml").Status);
    }

    [Fact]
    public void TheExceptionShowsFileLineAndColumn()
    {
        var problem = Assert.Throws<ManifestException>(() => ManifestReader.Read(ManifestText.With("groupSize: 8", "groupSize: 1"), "examples/run.yaml"));
        Assert.Equal("examples/run.yaml:13:18: spec.stages[0].rft.groupSize: 1 is too small; a group needs at least 2 rollouts", problem.Message);
    }
}

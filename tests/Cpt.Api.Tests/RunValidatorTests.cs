using Cpt.Api.Reading;
using Cpt.Api.Rules;

namespace Cpt.Api.Tests;

public sealed class RunValidatorTests
{
    /// <summary>A sentence, a line of the valid manifest, what it becomes, and the path and message of the only error due.</summary>
    public static TheoryData<string, string, string, string> Mistakes => new()
    {
        {
            "two stages of one name", "name: half", "name: parity",
            "spec.stages[1].name: \"parity\" is the name of entry 0 already; names must be unique"
        },
        {
            "a name that is no label", "name: half", "name: Half_1",
            "spec.stages[1].name: \"Half_1\" is not a name; use lowercase letters, digits and '-', starting and ending with a letter or digit, at most 63 characters"
        },
        {
            "names too long for a Job", "name: half", "name: a-stage-with-a-name-that-is-far-too-long-to-fit-into-a-job",
            "spec.stages[1].name: \"a-stage-with-a-name-that-is-far-too-long-to-fit-into-a-job\" is too long beside the run's name: together they have 62 characters, and at most 55 fit the Job's name <run>-<stage>-a<N>"
        },
        {
            "an rft block for SFT", "method: RFT", "method: SFT",
            "spec.stages[0].rft: is only for method RFT; the method of stage \"parity\" is SFT"
        },
        {
            "packed rollouts", "steps: \"20\"", "steps: \"20\", packSequences: \"true\"",
            "spec.stages[0].parameters.packSequences: \"true\" is only for method SFT; the method of stage \"parity\" is RFT"
        },
        {
            "a parameter that is neither true nor false", "steps: \"20\"", "steps: \"20\", gradientCheckpointing: \"yes\"",
            "spec.stages[0].parameters.gradientCheckpointing: \"yes\" is unknown; use one of true, false"
        },
        {
            "frozen weights beside a LoRA", "method: RFT", "method: RFT\n    lora: {}\n    freeze: [visual.*]",
            "spec.stages[0].freeze: stands beside lora, which freezes every weight of the model; choose what is adapted by lora.targets and lora.visionTower"
        },
        {
            "everything frozen", "method: RFT", "method: RFT\n    freeze: [\"*\"]",
            "spec.stages[0].freeze: \"*\" is no name of weights; use letters, digits, '.', '_', '-' and '*' for any characters, at most 128, such as \"visual.*\""
        },
        {
            "a LoRA without rank", "method: RFT", "method: RFT\n    lora: {rank: 0}",
            "spec.stages[0].lora.rank: 0 is too small; the smallest value is 1"
        },
        {
            "a LoRA that drops everything", "method: RFT", "method: RFT\n    lora: {dropout: \"1\"}",
            "spec.stages[0].lora.dropout: 1 is out of range; it must be at least 0 and at most 0.99"
        },
        {
            "a misspelt parameter", "steps: \"20\"", "setps: \"20\"",
            "spec.stages[0].parameters.setps: unknown parameter; did you mean steps?"
        },
        {
            "a parameter of rft", "steps: \"20\"", "groupSize: \"4\"",
            "spec.stages[0].parameters.groupSize: unknown parameter; groupSize belongs under rft"
        },
        {
            "a parameter that is no number", "\"1e-4\"", "\"fast\"",
            "spec.stages[0].parameters.learningRate: \"fast\" is not a decimal number; write it like \"0.5\" or \"1e-6\""
        },
        {
            "a learning rate of nothing", "\"1e-4\"", "\"0\"",
            "spec.stages[0].parameters.learningRate: 0 is out of range; it must be above 0 and at most 1"
        },
        {
            "half a step", "steps: \"20\"", "steps: \"2.5\"",
            "spec.stages[0].parameters.steps: \"2.5\" is not a whole number"
        },
        {
            "no step", "steps: \"20\"", "steps: \"0\"",
            "spec.stages[0].parameters.steps: 0 is too small; the smallest value is 1"
        },
        {
            "an unknown schedule", "steps: \"20\"", "schedule: \"Step\"",
            "spec.stages[0].parameters.schedule: \"Step\" is unknown; use one of Constant, Linear, Cosine"
        },
        {
            "an unknown precision", "steps: \"20\"", "precision: \"fp8\"",
            "spec.stages[0].parameters.precision: \"fp8\" is unknown; use one of float32, bfloat16, bfloat16-master, bfloat16-pure"
        },
        {
            "an unknown device", "  stages:", "  template: {device: tpu}\n  stages:",
            "spec.template.device: \"tpu\" is unknown; use one of auto, cpu, cuda"
        },
        {
            "a KL weight without a reference", "groupSize: 8", "klCoefficient: \"0.01\"\n      kl: {reference: None}",
            "spec.stages[0].rft.klCoefficient: 0.01 weighs a distance to kl.reference None; name Base or PreviousStage, or set klCoefficient to \"0\""
        },
        {
            "a dual clip that caps everything", "groupSize: 8", "dualClip: \"0.5\"",
            "spec.stages[0].rft.dualClip: 0.5 would cap every loss; use \"0\" (off) or a value above 1, such as \"3\""
        },
        {
            "an aggregation beside Dr.GRPO", "groupSize: 8", "algorithm: DrGRPO\n      lossAggregation: TokenMean",
            "spec.stages[0].rft.lossAggregation: TokenMean stands beside algorithm DrGRPO, which sums over tokens and divides by rollouts × maxResponseTokens; leave it out"
        },
        {
            "an aggregation beside GSPO", "groupSize: 8", "algorithm: GSPO\n      lossAggregation: SequenceMean",
            "spec.stages[0].rft.lossAggregation: SequenceMean stands beside algorithm GSPO, whose ratio and loss are of whole rollouts; leave it out"
        },
        {
            "dynamic sampling beside REINFORCE++", "groupSize: 8", "algorithm: REINFORCEPlusPlus\n      dynamicSampling: 2",
            "spec.stages[0].rft.dynamicSampling: 2 would drop groups of equal rewards, which teach under algorithm REINFORCEPlusPlus: its baseline is the batch's; leave it out"
        },
        {
            "a format nobody asks for", "groupSize: 8", "reward: {formatWeight: \"0.1\"}",
            "spec.stages[0].rft.reward.formatWeight: 0.1 rewards a form that prompt Direct never asks for; use prompt ChainOfThought or formatWeight \"0\""
        },
        {
            "a reward for nothing", "groupSize: 8", "reward: {accuracyWeight: \"0\"}",
            "spec.stages[0].rft.reward: gives nothing for anything; accuracyWeight, formatWeight or the weight of a component or the service must be above 0"
        },
        {
            "a reward by components of no weight", "groupSize: 8", "reward: {components: [{scorer: YesNo, weight: \"0\"}]}",
            "spec.stages[0].rft.reward: gives nothing for anything; accuracyWeight, formatWeight or the weight of a component or the service must be above 0"
        },
        {
            "a reward service without an address", "groupSize: 8", "reward: {service: {url: \"http://\"}}",
            "spec.stages[0].rft.reward.service.url: \"http://\" names nothing; a path must follow the scheme"
        },
        {
            "a reward service at no address", "groupSize: 8", "reward: {service: {url: \"http://a b\"}}",
            "spec.stages[0].rft.reward.service.url: \"http://a b\" is no address; write for example http://rewards.ml.svc:8080/judge"
        },
        {
            "a password in the address of a reward service", "groupSize: 8", "reward: {service: {url: \"http://me:secret@rewards/\"}}",
            "spec.stages[0].rft.reward.service.url: holds credentials, which everybody who sees the run would see; put them as CPT_REWARD_SERVICE_TOKEN into the Secret of storage.secretRef"
        },
        {
            "a reward service that is waited for too long", "groupSize: 8", "reward: {service: {url: \"http://rewards\", timeoutSeconds: 301}}",
            "spec.stages[0].rft.reward.service.timeoutSeconds: 301 is too large; the largest value is 300"
        },
        {
            "more mini-batches than prompts", "groupSize: 8", "miniBatches: 65",
            "spec.stages[0].rft.miniBatches: 65 is more than the 64 prompts of a rollout batch (parameters.batchSize)"
        },
        {
            "a response as long as the context", "groupSize: 8", "maxResponseTokens: 512",
            "spec.stages[0].rft.maxResponseTokens: 512 leaves no room for a prompt in parameters.maxSequenceTokens (512); lower the one or raise the other"
        },
        {
            "a first wait longer than the last", "  storage:", "  retry: {backoff: {initialSeconds: 20, maxSeconds: 10}}\n  storage:",
            "spec.retry.backoff.initialSeconds: 20 is more than maxSeconds (10); the first wait is the shortest"
        },
        {
            "a negative deadline", "  storage:", "  activeDeadlineSeconds: -1\n  storage:",
            "spec.activeDeadlineSeconds: -1 is too small; the smallest value is 1"
        },
        {
            "a gate without a limit", "  storage:", "  evaluation: {gates: [{metric: forgetting}]}\n  storage:",
            "spec.evaluation.gates[0]: has no limit; write maximum: \"5\" for five points"
        },
        {
            "a gate that nothing passes", "  storage:", "  evaluation: {gates: [{metric: averageAccuracy, minimum: \"60\", maximum: \"50\"}]}\n  storage:",
            "spec.evaluation.gates[0].minimum: 60 is more than maximum (50); no value passes"
        },
        {
            "a gate on benchmarks that are not there", "  storage:", "  evaluation: {gates: [{metric: benchmarkDrop, maximum: \"5\"}]}\n  storage:",
            "spec.evaluation.gates[0].metric: benchmarkDrop needs spec.evaluation.benchmarks, and there are none"
        },
        {
            "two benchmarks of one name", "  storage:", "  evaluation: {benchmarks: [{name: a, uri: \"file:///a\"}, {name: a, uri: \"file:///b\"}]}\n  storage:",
            "spec.evaluation.benchmarks[1].name: \"a\" is the name of entry 0 already; names must be unique"
        },
        {
            "no task", "    task: {uri: \"generated://digits/half?seed=1\"}\n", "",
            "spec.stages[1].task: is missing; stage \"half\" needs a task: {uri: …}, or tasks: [{name: …, uri: …}] to learn several together"
        },
        {
            "one task beside several", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"file:///a\"}\n    tasks: [{name: one, uri: \"file:///one\"}]",
            "spec.stages[1].tasks: stands beside task; keep one of them: task for one, tasks for several that are learned together"
        },
        {
            "a task with the name of a stage", "task: {uri: \"generated://digits/half?seed=1\"}", "tasks: [{name: one, uri: \"file:///one\"}, {name: parity, uri: \"file:///two\"}]",
            "spec.stages[1].tasks[1].name: \"parity\" is the name of spec.stages[0] already; each task is a column of the matrix, and stages and tasks need names of their own"
        },
        {
            "two tasks of one name", "task: {uri: \"generated://digits/half?seed=1\"}", "tasks: [{name: one, uri: \"file:///one\"}, {name: one, uri: \"file:///two\"}]",
            "spec.stages[1].tasks[1].name: \"one\" is the name of spec.stages[1].tasks[0] already; each task is a column of the matrix, and stages and tasks need names of their own"
        },
        {
            "a replay of a later stage", "  - name: half\n", "  - name: half\n    replay: {percentage: 10, fromStages: [half]}\n",
            "spec.stages[1].replay.fromStages[0]: \"half\" is not an earlier stage; use one of parity"
        },
        {
            "a replay of a stage that comes twice", "  - name: half\n", "  - name: half\n    replay: {percentage: 10, fromStages: [parity, parity]}\n",
            "spec.stages[1].replay.fromStages[1]: \"parity\" stands there already; its share is counted once"
        },
        {
            "a filter that asks for more than is tried", "groupSize: 8", "instanceFilter: {rollouts: 4, maximumSolved: 5}",
            "spec.stages[0].rft.instanceFilter.maximumSolved: 5 is more than rollouts (4); a sample cannot be solved more often than it is tried"
        },
        {
            "a filter that keeps nothing", "groupSize: 8", "instanceFilter: {minimumSolved: 5, maximumSolved: 4}",
            "spec.stages[0].rft.instanceFilter.minimumSolved: 5 is more than maximumSolved (4); no sample would be kept"
        },
        {
            "a filter that keeps everything", "groupSize: 8", "instanceFilter: {minimumSolved: 0}",
            "spec.stages[0].rft.instanceFilter: keeps every sample: minimumSolved is 0 and maximumSolved is rollouts (8); raise the one, lower the other, or leave instanceFilter out"
        },
        {
            "a filter that asks for more than can be earned", "groupSize: 8", "reward: {accuracyWeight: \"0.4\"}\n      instanceFilter: {}",
            "spec.stages[0].rft.instanceFilter.minimumReward: 0.5 is more than a rollout can earn (0.4: the weights of rft.reward together); no sample would be solved"
        },
        {
            "a filter without rollouts", "groupSize: 8", "instanceFilter: {rollouts: 0}",
            "spec.stages[0].rft.instanceFilter.rollouts: 0 is too small; the smallest value is 1"
        },
        {
            "a probe whose groups cannot be mixed", "method: RFT", "method: RFT\n    probe: {rollouts: 1}",
            "spec.stages[0].probe.rollouts: 1 is too small; a group needs at least 2 rollouts to be mixed"
        },
        {
            "self-distillation for RFT", "method: RFT", "method: RFT\n    selfDistillation: {}",
            "spec.stages[0].selfDistillation: is only for method SFT; the method of stage \"parity\" is RFT, which learns from its own rollouts anyway"
        },
        {
            "own rollouts as long as the context", "  - name: half\n", "  - name: half\n    selfDistillation: {maxResponseTokens: 512}\n",
            "spec.stages[1].selfDistillation.maxResponseTokens: 512 leaves no room for a prompt in parameters.maxSequenceTokens (512); lower the one or raise the other"
        },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void AMistakeBetweenFieldsIsNamed(string sentence, string line, string instead, string error)
    {
        Assert.NotEmpty(sentence);
        var errors = Assert.Throws<ManifestException>(() => ManifestReader.Read(ManifestText.With(line, instead), "run.yaml")).Errors;
        Assert.Equal([error], errors.Select(one => one.ToString()));
        Assert.All(errors, one => Assert.True(one.Line > 0, "every error has a place"));
    }

    [Fact]
    public void ReplayMayOnlyLookBack()
    {
        var text = ManifestText.With("  - name: half\n", "  - name: half\n    replay: {percentage: 10, fromStages: [parity, later]}\n");
        var errors = Assert.Throws<ManifestException>(() => ManifestReader.Read(text, "run.yaml")).Errors;
        Assert.Contains(errors, error => error.ToString() == "spec.stages[1].replay.fromStages[1]: \"later\" is not an earlier stage; use one of parity");
    }

    [Theory]
    [InlineData(0, "has 0 entries; it must have 1 to 64")]
    [InlineData(65, "has 65 entries; it must have 1 to 64")]
    public void AChainHasOneToSixtyFourStages(int count, string message)
    {
        var run = Valid();
        run = run with { Spec = run.Spec with { Stages = [.. Enumerable.Range(0, count).Select(index => run.Spec.Stages[1] with { Name = $"s{index}" })] } };
        Assert.Equal([new FieldError("spec.stages", message)], RunValidator.Validate(run));
    }

    [Fact]
    public void TheSameRulesAreHeldOnObjectsThatWereNeverText()
    {
        var run = Valid();
        var stage = run.Spec.Stages[0] with { Rft = new RftSettings { GroupSize = 1, Temperature = "0" }, Task = new StageTask { Uri = "http://x/y" } };
        run = run with { Kind = "Pod", Spec = run.Spec with { Stages = [stage], Storage = new StorageSettings { Uri = "pvc://" } } };

        Assert.Equal(
            ["kind", "spec.storage.uri", "spec.stages[0].task.uri", "spec.stages[0].rft.groupSize", "spec.stages[0].rft.temperature"],
            RunValidator.Validate(run).Select(error => error.Path));
    }

    [Fact]
    public void AValidRunHasNoErrorsWithOrWithoutItsDefaults()
    {
        Assert.Empty(RunValidator.Validate(Valid()));
        Assert.Empty(RunValidator.Validate(RunDefaults.Apply(Valid())));
    }

    [Fact]
    public void WhereARunStoresWhatItStartsFromAndItsSeedMayNotChange()
    {
        var run = Valid();
        var changed = run with
        {
            Spec = run.Spec with { Seed = 1, BaseModel = new BaseModelSettings { Uri = "file:///b" }, Storage = run.Spec.Storage with { Uri = "pvc://other/x" } },
        };
        Assert.Equal(["spec.baseModel.uri", "spec.seed", "spec.storage.uri"], RunValidator.ValidateUpdate(run, changed).Select(error => error.Path));
    }

    [Fact]
    public void WritingADefaultOutOrChangingTheRestIsNoForbiddenChange()
    {
        var run = Valid();
        Assert.Empty(RunValidator.ValidateUpdate(run, RunDefaults.Apply(run)));
        Assert.Empty(RunValidator.ValidateUpdate(run, run with
        {
            Spec = run.Spec with
            {
                RetryToken = "2",
                Storage = run.Spec.Storage with { DeletionPolicy = DeletionPolicy.Delete, SecretRef = new SecretReference { Name = "s" } },
                Stages = [.. run.Spec.Stages, run.Spec.Stages[0] with { Name = "more" }],
            },
        }));
    }

    [Fact]
    public void EveryFieldOfTheSpecHasARuleOrATypeThatSpeaksForItself()
    {
        var texts = Walk(typeof(ContinualRunSpec), "spec").Where(entry => entry.Field.Type == typeof(string)).ToList();
        Assert.True(texts.Count > 20, "the walk reaches the whole spec");
        Assert.Empty(texts.Where(entry => entry.Field.Rules.Count == 0).Select(entry => entry.Path));
    }

    [Fact]
    public void NoFieldOfTheSpecIsAFloatingPointNumber() =>
        Assert.DoesNotContain(Walk(typeof(ContinualRunSpec), "spec"), entry => entry.Field.Type == typeof(double) || entry.Field.Type == typeof(float));

    [Fact]
    public void EveryDefaultIsAllowedByItsOwnRule()
    {
        var run = RunDefaults.Apply(Valid());
        Assert.Equal(ManifestReader.Write(run), ManifestReader.Write(RunDefaults.Apply(run)));
        foreach (var stage in run.Spec.Stages)
        {
            Assert.All(stage.Parameters!, parameter => Assert.Null(StageParameters.Rules[parameter.Key].Check(parameter.Value)));
        }
    }

    [Theory]
    [InlineData("0.5", 0.5)]
    [InlineData("1e-6", 1e-6)]
    [InlineData("-3", -3)]
    [InlineData("+.5E2", 50)]
    public void DecimalsAreReadInEveryUsualForm(string text, double value)
    {
        Assert.True(DecimalAttribute.TryParse(text, out var number));
        Assert.Equal(value, number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1,5")]
    [InlineData(" 1")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e999")]
    [InlineData("0x10")]
    public void WhatIsNoFiniteDecimalIsRefused(string text) => Assert.False(DecimalAttribute.TryParse(text, out _));

    private static ContinualRun Valid() => ManifestReader.Read(ManifestText.Valid, "run.yaml");

    private static IEnumerable<(string Path, Field Field)> Walk(Type type, string path) => Field.Of(type).SelectMany(field =>
    {
        var place = $"{path}.{field.Name}";
        var inner = Field.ItemType(field.Type) ?? field.Type;
        return field.FreeForm || !Field.IsObject(inner) ? [(place, field)] : Walk(inner, place);
    });
}

namespace Cpt.Api.Tests.Studies;

public sealed class StudyValidatorTests
{
    /// <summary>A sentence, the text that is changed, what it becomes, and the only error due.</summary>
    public static TheoryData<string, string, string, string> SingleMistakes => new()
    {
        {
            "a misspelt field of a patch names the variant, the field and the patch's own line", "rft: {groupSize: 4}", "rft: {groupsize: 4}",
            "15: spec.variants[1]: in variant grpo, spec.stages[0].rft.groupsize: unknown field; did you mean groupSize?"
        },
        {
            "a rule between fields is judged with the patch applied", "        method: RFT\n", "",
            "14: spec.variants[1]: in variant grpo, spec.stages[0].rft: is only for method RFT; the method of stage \"parity\" is SFT"
        },
        {
            "a patch for a stage that is not there is a new stage, which then lacks its fields", "      - name: half\n        parameters: {learningRate", "      - name: hafl\n        parameters: {learningRate",
            "19: spec.variants[2]: in variant slow, spec.stages[2].method: is missing; one of SFT, RFT is required"
        },
        {
            "what is wrong with the base is said once", "steps: \"20\"}\n    - name: half", "stepz: \"20\"}\n    - name: half",
            "29: spec.base.stages[0].parameters.stepz: unknown parameter; did you mean steps?"
        },
        {
            "a base with a seed of its own is refused", "    storage:", "    seed: 7\n    storage:",
            "23: spec.base.seed: is given by the study's spec.seeds; leave it out"
        },
        {
            "a patch cannot set the seed", "      stages:\n      - name: half", "      seed: 7\n      stages:\n      - name: half",
            "18: spec.variants[2]: in variant slow, spec.seed: is given by the study's spec.seeds; leave it out"
        },
        {
            "an unknown baseline names those that are there", "baseline: sft", "baseline: SFT1",
            "6: spec.baseline: \"SFT1\" is not a name; use lowercase letters, digits and '-', starting and ending with a letter or digit, at most 63 characters"
        },
        {
            "a baseline that is no variant", "baseline: sft", "baseline: ewc",
            "6: spec.baseline: \"ewc\" is not the name of a variant; use one of sft, grpo, slow"
        },
        {
            "two variants of one name", "- name: slow", "- name: grpo",
            "16: spec.variants[2].name: \"grpo\" is the name of entry 1 already; names must be unique"
        },
        {
            "the same seed twice", "seeds: [1, 2]", "seeds: [1, 1]",
            "5: spec.seeds[1]: 1 is there already; the same seed would give the same runs again"
        },
        {
            "a negative seed", "seeds: [1, 2]", "seeds: [-1, 2]",
            "5: spec.seeds[0]: -1 is negative; a seed is part of its runs' names: use 0 or more"
        },
        {
            "an entry of a patch without a name", "      - name: half\n        parameters: {learningRate", "      - parameters: {learningRate",
            "19: spec.variants[2].patch.stages[0]: has no name; a patch addresses the entries of this list by name, or all of them by name: \"*\""
        },
        {
            "a stage that cannot be removed", "      - name: half\n        parameters: {learningRate: \"1e-6\"}", "      - {name: rotate, $patch: delete}",
            "19: spec.variants[2].patch.stages[0].name: \"rotate\" cannot be removed, since it is not there; there are parity, half"
        },
        {
            "an unknown directive", "      - name: half\n        parameters: {learningRate: \"1e-6\"}", "      - {name: half, $patch: replace}",
            "19: spec.variants[2].patch.stages[0].$patch: is not known; the only directive is $patch: delete"
        },
        {
            "answers that are asked for in two ways", "      stages:\n      - name: half", "      evaluation: {temperature: \"1\"}\n      stages:\n      - name: half",
            "16: spec.variants[2]: in variant slow, spec.evaluation.temperature: is 1, but 0 in variant sft, with which it shares the storage and so the base model's scores; write one value into spec.base.evaluation, or give this variant another storage.uri"
        },
        {
            "one column of scores on two tasks", "        parameters: {learningRate: \"1e-6\"}", "        task: {uri: \"generated://digits/half?seed=9\"}",
            "16: spec.variants[2]: in variant slow, spec.stages[1].task: \"half\" is scored on generated://digits/half?seed=9, but in variant sft on generated://digits/half?seed=1: one column of scores cannot hold both; use another name, or another storage.uri"
        },
        {
            "a run's name that leaves no room for its stages", "- name: slow", "- name: a-variant-with-a-name-that-is-much-too-long-for-it",
            "26: spec.variants[2]: in variant a-variant-with-a-name-that-is-much-too-long-for-it, spec.stages[0].name: \"parity\" is too long beside the run's name: together they have 63 characters, and at most 55 fit the Job's name <run>-<stage>-a<N>"
        },
    };

    [Theory]
    [MemberData(nameof(SingleMistakes))]
    public void AMistakeIsToldWithItsPlaceAndWhatWouldBeRight(string sentence, string text, string instead, string error)
    {
        Assert.NotEmpty(sentence);
        Assert.Contains(error, StudyText.Errors(StudyText.With(text, instead)));
    }

    [Fact]
    public void AValidStudyHasNoErrors() => Assert.Equal(["sft", "grpo", "slow"], StudyText.Read(StudyText.Valid).Spec.Variants.Select(variant => variant.Name));

    [Fact]
    public void TooManyRunsAreRefused()
    {
        var study = StudyText.Read(StudyText.Valid);
        var large = study with { Spec = study.Spec with { Seeds = [.. Enumerable.Range(0, 100).Select(seed => (long)seed)] } };
        Assert.Empty(StudyValidator.Expand(large, out var errors));
        Assert.Equal("spec.seeds: 3 variants with 100 seeds are 300 runs; at most 256 are possible in one study", Assert.Single(errors).ToString());
    }

    [Fact]
    public void ARunIsNotReadAsAStudyNorAStudyAsARun()
    {
        Assert.Contains("it must be ContinualStudy", Assert.Throws<ManifestException>(() => StudyText.Read(ManifestText.Valid)).Message, StringComparison.Ordinal);
        Assert.Contains("it must be ContinualRun", Assert.Throws<ManifestException>(() => ManifestReader.Read(StudyText.Valid, "study.yaml")).Message, StringComparison.Ordinal);
        Assert.Equal(("ContinualRun", "ContinualStudy", null), (ManifestReader.KindOf(ManifestText.Valid), ManifestReader.KindOf(StudyText.Valid), ManifestReader.KindOf("- 1")));
    }

    [Fact]
    public void DefaultsAreFilledInAndFillingThemInAgainChangesNothing()
    {
        var once = StudyDefaults.Apply(StudyText.Read(StudyText.With("  baseline: sft\n", "")));
        Assert.Equal(("sft", 1, false, "default"), (once.Spec.Baseline, once.Spec.Concurrency, once.Spec.Suspend, once.Metadata.Namespace));
        Assert.Equal(once, StudyDefaults.Apply(once));
    }
}

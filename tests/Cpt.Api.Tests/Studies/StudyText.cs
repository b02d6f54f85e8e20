namespace Cpt.Api.Tests.Studies;

/// <summary>A small valid study, and the same with one line changed.</summary>
internal static class StudyText
{
    public const string Valid = """
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualStudy
        metadata: {name: demo}
        spec:
          seeds: [1, 2]
          baseline: sft
          variants:
          - name: sft
          - name: grpo
            description: rewards instead of answers
            patch:
              stages:
              - name: "*"
                method: RFT
                rft: {groupSize: 4}
          - name: slow
            patch:
              stages:
              - name: half
                parameters: {learningRate: "1e-6"}
          base:
            baseModel: {uri: bundled://models/digits-base}
            storage: {uri: "pvc://checkpoints/demo"}
            evaluation: {benchmarks: [{name: copy, uri: "generated://digits/copy?seed={seed}"}]}
            stages:
            - name: parity
              method: SFT
              task: {uri: "generated://digits/parity?seed={seed}"}
              parameters: {learningRate: "1e-4", steps: "20"}
            - name: half
              method: SFT
              task: {uri: "generated://digits/half?seed=1"}
              parameters: {learningRate: "1e-4", steps: "20"}

        """;

    public static string With(string text, string instead)
    {
        Assert.Contains(text, Valid, StringComparison.Ordinal);
        return Valid.Replace(text, instead, StringComparison.Ordinal);
    }

    public static ContinualStudy Read(string text) => ManifestReader.ReadStudy(text, "study.yaml");

    /// <summary>Its runs; there is nothing wrong with it.</summary>
    public static IReadOnlyList<StudyRun> Runs(string text)
    {
        var runs = StudyValidator.Expand(Read(text), out var errors);
        Assert.Empty(errors);
        return runs;
    }

    public static ContinualRun Run(string text, string variant, long seed = 1) => Runs(text).Single(run => run.Variant == variant && run.Seed == seed).Run;

    /// <summary>Everything that is wrong, as <c>line: path: message</c>.</summary>
    public static IReadOnlyList<string> Errors(string text)
    {
        var problem = Assert.Throws<ManifestException>(() => Read(text));
        return [.. problem.Errors.Select(error => $"{error.Line}: {error}")];
    }
}

namespace Cpt.Api.Tests;

/// <summary>Manifests for tests: a small valid one, and the same with one line changed or added.</summary>
internal static class ManifestText
{
    public const string Valid = """
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualRun
        metadata:
          name: demo
        spec:
          baseModel: {uri: bundled://models/digits-base}
          storage: {uri: "pvc://checkpoints/demo"}
          stages:
          - name: parity
            method: RFT
            task: {uri: "generated://digits/parity?seed=1"}
            rft:
              groupSize: 8
            parameters: {learningRate: "1e-4", steps: "20"}
          - name: half
            method: SFT
            task: {uri: "generated://digits/half?seed=1"}

        """;

    public static string With(string line, string instead)
    {
        Assert.Contains(line, Valid, StringComparison.Ordinal);
        return Valid.Replace(line, instead, StringComparison.Ordinal);
    }

    /// <summary>Everything that is wrong, as <c>line: path: message</c>.</summary>
    public static IReadOnlyList<string> Errors(string text)
    {
        var problem = Assert.Throws<ManifestException>(() => ManifestReader.Read(text, "run.yaml"));
        return [.. problem.Errors.Select(error => $"{error.Line}: {error}")];
    }
}

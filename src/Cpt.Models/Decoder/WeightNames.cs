namespace Cpt.Models;

/// <summary>
/// How a checkpoint spells its weights. Qwen2.5-VL stands on the hub as <c>visual.*</c> and <c>model.*</c>; transformers since 4.52 names the same
/// tensors <c>model.visual.*</c> and <c>model.language_model.*</c>. Here they have the hub's names; files are written in the spelling they were read in.
/// </summary>
internal sealed class WeightNames
{
    private const string Language = "model.", NestedLanguage = "model.language_model.";
    private const string Vision = "visual.", NestedVision = "model.visual.";

    private readonly bool _nested;

    private WeightNames(bool nested) => _nested = nested;

    public static WeightNames Hub { get; } = new(nested: false);

    public static WeightNames Nested { get; } = new(nested: true);

    /// <summary>The spelling of a checkpoint with these names.</summary>
    public static WeightNames Of(ModelConfig config, IEnumerable<string> names) => config.Vision is not null && names.Any(name => ToHub(name) != name) ? Nested : Hub;

    /// <summary>Any spelling to the hub's.</summary>
    public static string ToHub(string name) =>
        name.StartsWith(NestedLanguage, StringComparison.Ordinal) ? Language + name[NestedLanguage.Length..]
        : name.StartsWith(NestedVision, StringComparison.Ordinal) ? Vision + name[NestedVision.Length..]
        : name;

    /// <summary>The hub's spelling to this one.</summary>
    public string OnDisk(string name) =>
        !_nested ? name
        : name.StartsWith(Language, StringComparison.Ordinal) ? NestedLanguage + name[Language.Length..]
        : name.StartsWith(Vision, StringComparison.Ordinal) ? NestedVision + name[Vision.Length..]
        : name;
}

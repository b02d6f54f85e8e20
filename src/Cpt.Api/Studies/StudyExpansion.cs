using System.Globalization;
using System.Text.Json;
using Cpt.Api.Reading;

namespace Cpt.Api.Studies;

/// <summary>
/// A study to its runs: base, patch, seed. Pure; the same study gives the same runs, in the same order: with the first seed every variant, then with the next one. So a study that is
/// stopped half-way has whole comparisons.
/// </summary>
internal sealed class StudyExpansion
{
    /// <summary>In every <c>uri</c>.</summary>
    private const string SeedMark = "{seed}";

    private readonly ContinualStudy _study;
    private readonly YamlMap _base;
    private readonly YamlList _variants;
    private readonly List<FieldError> _errors = [];
    private readonly List<FieldError> _everywhere = [];

    /// <param name="study">As read; its own fields are right.</param>
    /// <param name="root">The same as it was written.</param>
    private StudyExpansion(ContinualStudy study, YamlMap root)
    {
        _study = study;
        var spec = (YamlMap)root["spec"]!;
        _base = (YamlMap)spec["base"]!;
        _variants = (YamlList)spec["variants"]!;
    }

    /// <summary>The runs, and everything that is wrong with them; each error says in which variant.</summary>
    public static (IReadOnlyList<StudyRun> Runs, IReadOnlyList<FieldError> Errors) Of(ContinualStudy study) =>
        Of(study, (YamlMap)JsonNodes.ToYaml(JsonSerializer.SerializeToNode(study with { Status = null }, ApiJson.Default.ContinualStudy))!);

    /// <inheritdoc cref="Of(ContinualStudy)"/>
    public static (IReadOnlyList<StudyRun> Runs, IReadOnlyList<FieldError> Errors) Of(ContinualStudy study, YamlMap root)
    {
        var expansion = new StudyExpansion(study, root);
        var runs = expansion.Expand();
        return (runs, [.. expansion._everywhere, .. expansion._errors]);
    }

    private List<StudyRun> Expand()
    {
        var runs = new List<StudyRun>();
        var wrong = new List<List<FieldError>>();
        foreach (var (index, variant) in _study.Spec.Variants.Index())
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"spec.variants[{index}]");
            var patch = ((YamlMap)_variants.Items[index])["patch"] as YamlMap ?? new YamlMap([], _variants.Items[index].Line, _variants.Items[index].Column);
            var before = _errors.Count;
            var spec = new MergePatch(_errors).Apply(_base, patch, typeof(ContinualRunSpec), path + ".patch");
            var mine = new List<FieldError>();
            if (_errors.Count == before)
            {
                foreach (var seed in _study.Spec.Seeds)
                {
                    runs.AddRange(Run(variant, seed, spec, mine) is { } run ? [new StudyRun(variant.Name, seed, run)] : []);
                }
            }

            wrong.Add([.. mine.DistinctBy(error => error.Path)]);
        }

        Tell(wrong);
        // By seed first. The sort is stable, so that variants stay in the order in which they were written.
        var order = _study.Spec.Seeds.ToList();
        return [.. runs.OrderBy(run => order.IndexOf(run.Seed))];
    }

    /// <summary>What is wrong with the base is wrong with every variant: it is said once.</summary>
    private void Tell(List<List<FieldError>> wrong)
    {
        foreach (var (index, errors) in wrong.Index())
        {
            foreach (var error in errors)
            {
                var ofSpec = error.Path == "spec" || error.Path.StartsWith("spec.", StringComparison.Ordinal);
                if (ofSpec && wrong.Count > 1 && wrong.TrueForAll(other => other.Exists(same => same.Path == error.Path && (same.Line, same.Column) == (error.Line, error.Column))))
                {
                    if (index == 0)
                    {
                        _everywhere.Add(error with { Path = "spec.base" + error.Path["spec".Length..] });
                    }
                }
                else
                {
                    var name = _study.Spec.Variants[index].Name;
                    _errors.Add(error with { Path = string.Create(CultureInfo.InvariantCulture, $"spec.variants[{index}]"), Message = $"in variant {name}, {error.Path}: {error.Message}" });
                }
            }
        }
    }

    private ContinualRun? Run(StudyVariant variant, long seed, YamlMap spec, List<FieldError> errors)
    {
        var text = seed.ToString(CultureInfo.InvariantCulture);
        var own = (YamlMap)WithSeed(spec, text);
        foreach (var (field, instead) in s_given)
        {
            if (own[field] is { } node)
            {
                errors.Add(new FieldError($"spec.{field}", $"is given by the study's {instead}; leave it out", node.Line, node.Column));
                return null;
            }
        }

        // Only stages of equal seeds can be equal, so there is nothing to share between seeds; and row 0 of the matrix, which storage keeps once for a base model, is
        // scored with each seed's own data and draws.
        if (own["storage"] is YamlMap storage && storage["uri"] is YamlScalar place && (spec["storage"] as YamlMap)?["uri"] is YamlScalar written && !written.Value.Contains(SeedMark, StringComparison.Ordinal))
        {
            own = With(own, "storage", With(storage, "uri", place with { Value = $"{place.Value.TrimEnd('/')}/seed-{text}" }));
        }

        var before = errors.Count;
        var run = ManifestReader.ReadRun(new YamlMap(
            [
                Entry("apiVersion", Text(ContinualRun.GroupVersion)),
                Entry("kind", Text(ContinualRun.KindName)),
                Entry("metadata", Metadata($"{_study.Metadata.Name}-{variant.Name}-{text}", variant.Name, text)),
                Entry("spec", With(With(own, "seed", new YamlScalar(text, false, own.Line, own.Column)), "suspend", new YamlScalar(_study.Spec.Suspend == true ? "true" : "false", false, own.Line, own.Column))),
            ],
            spec.Line, spec.Column), errors);
        return errors.Count == before ? run : null;
    }

    private static readonly (string Field, string Instead)[] s_given = [("seed", "spec.seeds"), ("suspend", "spec.suspend"), ("retryToken", "spec.retryToken")];

    private YamlMap Metadata(string name, string variant, string seed) => new(
        [
            Entry("name", Text(name)),
            .. _study.Metadata.Namespace is { } place ? [Entry("namespace", Text(place))] : Array.Empty<YamlEntry>(),
            Entry("labels", new YamlMap([Entry(StudyLabels.Study, Text(_study.Metadata.Name)), Entry(StudyLabels.Variant, Text(variant)), Entry(StudyLabels.Seed, Text(seed))], 0, 0)),
        ],
        0, 0);

    private static YamlNode WithSeed(YamlNode node, string seed) => node switch
    {
        YamlMap map => map with
        {
            Entries = [.. map.Entries.Select(entry => entry with
            {
                Value = entry is { Key.Value: "uri", Value: YamlScalar uri } ? uri with { Value = uri.Value.Replace(SeedMark, seed, StringComparison.Ordinal) } : WithSeed(entry.Value, seed),
            })],
        },
        YamlList list => list with { Items = [.. list.Items.Select(item => WithSeed(item, seed))] },
        _ => node,
    };

    private static YamlMap With(YamlMap map, string key, YamlNode value) => map with { Entries = [.. map.Entries.Where(entry => entry.Key.Value != key), Entry(key, value)] };

    private static YamlEntry Entry(string key, YamlNode value) => new(Text(key), value);

    private static YamlScalar Text(string text) => new(text, true, 0, 0);
}

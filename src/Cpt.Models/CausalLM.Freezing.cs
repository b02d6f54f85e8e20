using System.IO.Enumeration;

namespace Cpt.Models;

public sealed partial class CausalLM
{
    private readonly HashSet<string> _frozen = new(StringComparer.Ordinal);

    /// <summary>Leaves weights as they are: no gradient, no optimizer state.</summary>
    /// <param name="patterns">Names on disk, hub spelling or the checkpoint's own; <c>*</c> stands for any characters: <c>visual.*</c>.</param>
    /// <exception cref="AdaptationException">A pattern means no weight, or only a part of what is one matrix in memory; or nothing is left to train.</exception>
    public void Freeze(IReadOnlyList<string> patterns)
    {
        if (Adapter is not null)
        {
            throw new InvalidOperationException("an adapter freezes all weights already");
        }

        var matched = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in patterns)
        {
            var names = _weights.Layouts.SelectMany(layout => layout.Parts).Select(part => part.Name).Where(name => Means(pattern, name)).ToList();
            if (names.Count == 0)
            {
                throw new AdaptationException($"'{pattern}' matches no weight of this {Config.ModelType}; its weights are named like {string.Join(", ", Examples())}");
            }

            matched.UnionWith(names);
        }

        foreach (var layout in _weights.Layouts.Where(layout => layout.Parts.Any(part => matched.Contains(part.Name))))
        {
            if (layout.Parts.Where(part => !matched.Contains(part.Name)).Select(part => part.Name).FirstOrDefault() is { } left)
            {
                var frozen = layout.Parts.First(part => matched.Contains(part.Name)).Name;
                throw new AdaptationException($"{frozen} is frozen and {left} is not, but they are one matrix in memory; freeze all of {string.Join(", ", layout.Parts.Select(part => part.Name))}, or none");
            }

            _frozen.Add(layout.Name);
            _weights.ByName[layout.Name].requires_grad = false;
        }

        if (_frozen.Count == Parameters.Count)
        {
            throw new AdaptationException($"{string.Join(", ", patterns)} freeze every weight, so nothing is left to train");
        }
    }

    private bool Means(string pattern, string name) =>
        FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false) || FileSystemName.MatchesSimpleExpression(pattern, _weights.Names.OnDisk(name), ignoreCase: false);

    private IEnumerable<string> Examples() => ((string[])[VisionWeights.PatchEmbedding, WeightLayout.EmbeddingName, "model.layers.0.self_attn.q_proj.weight", "model.norm.weight"])
        .Where(name => _weights.Layouts.Any(layout => layout.Parts.Any(part => part.Name == name)));
}

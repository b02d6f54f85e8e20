using System.Text.RegularExpressions;

namespace Cpt.Models;

/// <summary>Which linear layers of a model a list of targets means.</summary>
internal static class LoraTargets
{
    private const string Vision = "visual.";

    /// <summary>Every layer that may be adapted, by its name on disk without <c>.weight</c>: the linear ones, but not the output head, whose matrix may be the embedding's.</summary>
    public static IEnumerable<string> Linear(ModelConfig config) =>
        WeightLayout.Of(config).Where(IsLinear).SelectMany(layout => layout.Parts).Select(Layer);

    /// <summary>A matrix of a linear layer: an embedding, the head and the patches' convolution are matrices as well.</summary>
    public static bool IsLinear(WeightLayout layout) =>
        layout.Shape.Length == 2 && layout.Name != WeightLayout.EmbeddingName && layout.Name != "lm_head.weight";

    /// <returns>Names on disk, in the order of the forward pass.</returns>
    /// <exception cref="AdaptationException">A target means no layer.</exception>
    public static IReadOnlyList<string> Resolve(ModelConfig config, LoraOptions options)
    {
        var candidates = Linear(config).Where(layer => options.VisionTower || !IsVision(layer)).ToList();
        var chosen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var target in options.Targets)
        {
            var meant = candidates.Where(layer => Means(target, layer)).ToList();
            if (meant.Count == 0)
            {
                throw new AdaptationException(Linear(config).Any(layer => Means(target, layer))
                    ? $"target '{target}' stands only in the image tower, and visionTower is false; set visionTower to true, or name another target"
                    : $"target '{target}' is no linear layer of this {config.ModelType}; use {LoraOptions.AllLinear} or some of {string.Join(", ", Ends(candidates))}");
            }

            chosen.UnionWith(meant);
        }

        return candidates.FindAll(chosen.Contains);
    }

    /// <summary>The last words of layers' names: <c>q_proj</c>, <c>down_proj</c> …</summary>
    public static IEnumerable<string> Ends(IEnumerable<string> layers) => layers.Select(End).Distinct(StringComparer.Ordinal);

    /// <summary>
    /// <c>target_modules</c> that make PEFT adapt these layers and no others: the ends of their names where these are enough, else an expression.
    /// </summary>
    public static (IReadOnlyList<string>? Ends, string? Expression) ForPeft(ModelConfig config, IReadOnlyCollection<string> layers)
    {
        var ends = Ends(layers).Order(StringComparer.Ordinal).ToList();
        var meant = Linear(config).Where(layer => ends.Exists(end => Means(end, layer))).ToList();
        if (meant.Count == layers.Count)
        {
            return (ends, null);
        }

        // Mostly: the decoder's gate, up and down, whose names the image tower has as well.
        var text = meant.Where(layer => !IsVision(layer)).ToList();
        return text.Count == layers.Count && layers.All(text.Contains)
            ? (null, $@"(?!.*\bvisual\b).*\.({string.Join('|', ends.Select(Regex.Escape))})")
            : (null, string.Join('|', layers.Select(layer => @".*\b" + Regex.Escape(IsVision(layer) ? layer : layer["model.".Length..]))));
    }

    public static bool IsVision(string layer) => layer.StartsWith(Vision, StringComparison.Ordinal);

    private static string Layer(WeightLayout.Part part) => part.Name[..^".weight".Length];

    private static string End(string layer) => IsNumbered(layer) ? layer[(layer.LastIndexOf('.', layer.LastIndexOf('.') - 1) + 1)..] : layer[(layer.LastIndexOf('.') + 1)..];

    // mlp.0 of the patch merger: a number alone would say nothing.
    private static bool IsNumbered(string layer) => char.IsAsciiDigit(layer[^1]);

    private static bool Means(string target, string layer) =>
        target == LoraOptions.AllLinear || layer == target || WeightNames.ToHub(target) == layer || layer.EndsWith("." + target, StringComparison.Ordinal);
}

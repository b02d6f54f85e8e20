using System.Globalization;
using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// What can be said of a model without another implementation: that its files fit each other, that every weight is a number, and that it computes, with and without a cache, the same answer.
/// </summary>
public static class ModelCheck
{
    /// <summary>Of the prompt and of the response that is computed both ways.</summary>
    private const int Tokens = 8;

    /// <param name="directory">A Hugging Face directory.</param>
    /// <param name="device">Where it computes; null: the CPU.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="ModelFormatException">A file is damaged, or does not fit the others.</exception>
    public static IReadOnlyList<ModelCheckResult> Run(string directory, Device? device = null)
    {
        using var scope = torch.NewDisposeScope();
        using var model = CausalLM.Load(directory, device: device);
        return [Weights(model), TokenizerOf(directory, model), Forward(model), Generation(model)];
    }

    private static ModelCheckResult Weights(CausalLM model)
    {
        var count = 0;
        foreach (var (name, value) in model.NamedTensors())
        {
            count++;
            using var scope = torch.NewDisposeScope();
            if (!AllFinite(value))
            {
                return new("weights", false, $"tensor '{name}' holds NaN or infinity");
            }
        }

        return new("weights", true, string.Create(CultureInfo.InvariantCulture, $"{count} tensors, {model.Config.ParameterCount:N0} parameters, all finite"));
    }

    private static ModelCheckResult TokenizerOf(string directory, CausalLM model)
    {
        const string Sample = "2 + 3 = 5, or: naïve café";
        if (!File.Exists(Path.Combine(directory, Tokenizer.FileName)))
        {
            return new("tokenizer", false, $"there is no {Tokenizer.FileName}");
        }

        var tokenizer = Tokenizer.Load(directory);
        var ids = tokenizer.Encode(Sample);
        if (Array.Find(ids, id => id >= model.Config.VocabSize) is var outside && outside > 0)
        {
            return new("tokenizer", false, $"id {outside} of '{tokenizer.Decode([outside])}' is outside the model's vocabulary of {model.Config.VocabSize}");
        }

        var back = tokenizer.Decode(ids);
        return back == Sample ? new("tokenizer", true, $"{tokenizer.VocabSize} tokens; text comes back as it went") : new("tokenizer", false, $"'{Sample}' comes back as '{back}'");
    }

    private static ModelCheckResult Forward(CausalLM model)
    {
        using var scope = torch.NewDisposeScope();
        using var quiet = torch.no_grad();
        var ids = Prompt(model);
        return AllFinite(model.forward(Row(ids, model.device)))
            ? new("forward", true, $"logits of {ids.Length} tokens are finite")
            : new("forward", false, "logits hold NaN or infinity");
    }

    /// <summary>Greedy tokens of cached generation beside those of whole passes. A token passes where the pass has it within rounding of the best: the two ways round differently.</summary>
    private static ModelCheckResult Generation(CausalLM model)
    {
        using var quiet = torch.no_grad();
        var prompt = Prompt(model);
        int[] response;
        try
        {
            response = new TextGenerator(model).Generate(new GenerationRequest { Prompts = [prompt], MaxNewTokens = Tokens, Temperature = 0 }).Rows[0].Tokens;
        }
        catch (NonFiniteLogitsException)
        {
            return new("generation", false, "logits hold NaN or infinity");
        }

        using var scope = torch.NewDisposeScope();
        int[] all = [.. prompt, .. response];
        var logits = model.forward(Row(all, model.device)).to(ScalarType.Float32).cpu();
        var slack = model.dtype == ScalarType.Float32 ? 1e-3f : 0.25f;
        for (var place = 0; place < response.Length; place++)
        {
            var row = logits.select(1, prompt.Length + place - 1).contiguous().data<float>();
            if (row.Max() - row[response[place]] > slack)
            {
                return new("generation", false, $"token {place + 1} generated with a cache is {response[place]}; a whole pass says {Array.IndexOf(row, row.Max())}");
            }
        }

        return new("generation", true, $"{response.Length} tokens with a cache as without");
    }

    /// <summary>Ordinary ids of any vocabulary; no image tokens, which the end of a vocabulary holds.</summary>
    private static int[] Prompt(CausalLM model) => [.. Enumerable.Range(1, Math.Min(Tokens, Math.Min(model.Config.VocabSize, model.Config.MaxPositionEmbeddings - Tokens) - 1))];

    private static Tensor Row(int[] ids, Device device) => torch.tensor(Array.ConvertAll(ids, id => (long)id), [1, ids.Length]).to(device);

    private static bool AllFinite(Tensor tensor) => tensor.isfinite().all().cpu().item<bool>();
}

/// <param name="Name">weights, tokenizer, forward or generation.</param>
/// <param name="Passed">Whether it is as it should be.</param>
/// <param name="Finding">What was seen.</param>
public sealed record ModelCheckResult(string Name, bool Passed, string Finding);

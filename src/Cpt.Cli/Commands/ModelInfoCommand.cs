using System.CommandLine;
using System.Globalization;
using Cpt.Models;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt model info</c>: what a model directory holds, from its headers alone; the weights are not read.</summary>
internal static class ModelInfoCommand
{
    public static Command Create()
    {
        var model = ModelCommand.ModelOption();
        var format = ModelCommand.OutputOption();
        var command = new Command("info", "Say what a model directory holds") { model, format };
        command.SetAction(result => ModelCommand.Reporting(result, output =>
        {
            var directory = result.GetRequiredValue(model);
            if (!Directory.Exists(directory))
            {
                throw new DirectoryNotFoundException($"{directory}: no such directory");
            }

            var config = ModelConfig.Load(directory);
            using var weights = WeightFiles.Open(directory);
            var tokenizer = File.Exists(Path.Combine(directory, Tokenizer.FileName)) ? Tokenizer.Load(directory) : null;
            var facts = Facts(config, weights, tokenizer);
            if (result.GetValue(format) == "json")
            {
                ModelCommand.WriteJson(output, json =>
                {
                    foreach (var (name, value) in facts)
                    {
                        json.WritePropertyName(name);
                        json.WriteRawValue(System.Text.Json.JsonSerializer.Serialize(value, value?.GetType() ?? typeof(object)));
                    }
                });
            }
            else
            {
                foreach (var (name, value) in facts)
                {
                    output.WriteLine($"{name,-22} {(value is string[] list ? string.Join(", ", list) : Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "none")}");
                }
            }

            return 0;
        }));
        return command;
    }

    private static List<KeyValuePair<string, object?>> Facts(ModelConfig config, WeightFiles weights, Tokenizer? tokenizer) =>
    [
        new("modelType", config.ModelType),
        new("parameters", config.ParameterCount),
        new("weightTypes", weights.Files.SelectMany(file => file.Tensors).Select(tensor => tensor.DType.ToString()).Distinct().Order(StringComparer.Ordinal).ToArray()),
        new("weightFiles", weights.Files.Select(file => Path.GetFileName(file.Path)).ToArray()),
        new("weightBytes", weights.Files.Sum(file => file.Tensors.Sum(tensor => tensor.Length))),
        new("layers", config.NumHiddenLayers),
        new("hiddenSize", config.HiddenSize),
        new("intermediateSize", config.IntermediateSize),
        new("attentionHeads", config.NumAttentionHeads),
        new("keyValueHeads", config.NumKeyValueHeads),
        new("headDim", config.HeadDim),
        new("context", config.MaxPositionEmbeddings),
        new("vocabulary", config.VocabSize),
        new("tiedEmbeddings", config.TieWordEmbeddings),
        new("ropeTheta", config.RopeTheta),
        new("tokenizerVocabulary", tokenizer?.VocabSize),
        .. config.Vision is { } vision ? (List<KeyValuePair<string, object?>>)
        [
            new("visionBlocks", vision.Depth),
            new("visionHiddenSize", vision.HiddenSize),
            new("imageTokenPixels", vision.PatchSize * vision.SpatialMergeSize),
        ] : [],
    ];
}

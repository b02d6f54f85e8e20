using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cpt.Models;

/// <summary>PEFT's <c>adapter_config.json</c>. What changes the mathematics and is not computed here is refused, never ignored.</summary>
internal static class LoraConfigFile
{
    public static void Write(string path, LoraOptions options, (IReadOnlyList<string>? Ends, string? Expression) targets, string? baseModel)
    {
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("peft_type", "LORA");
        json.WriteString("task_type", "CAUSAL_LM");
        if (baseModel is null)
        {
            json.WriteNull("base_model_name_or_path");
        }
        else
        {
            json.WriteString("base_model_name_or_path", baseModel);
        }

        json.WriteNumber("r", options.Rank);
        json.WriteNumber("lora_alpha", options.Alpha);
        json.WriteNumber("lora_dropout", options.Dropout);
        json.WriteBoolean("use_rslora", options.RankStabilized);
        if (targets.Expression is { } expression)
        {
            json.WriteString("target_modules", expression);
        }
        else
        {
            json.WriteStartArray("target_modules");
            foreach (var end in targets.Ends!)
            {
                json.WriteStringValue(end);
            }

            json.WriteEndArray();
        }

        json.WriteString("bias", "none");
        json.WriteBoolean("use_dora", false);
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteNull("modules_to_save");
        json.WriteNull("layers_to_transform");
        json.WriteStartObject("rank_pattern");
        json.WriteEndObject();
        json.WriteStartObject("alpha_pattern");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <returns>Rank and scaling; which layers are changed, the weights say.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is no LoRA that can be computed here.</exception>
    public static LoraOptions Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: no such file; an adapter directory holds {LoraFiles.ConfigName} and {LoraFiles.WeightsName}", path);
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(path, "is no JSON object");
            }

            var fields = new ModelConfigFields(path, "", document.RootElement);
            Refuse(fields, document.RootElement);
            var rank = fields.Size("r");
            return new LoraOptions
            {
                Rank = rank,
                Alpha = fields.Positive("lora_alpha", 8),
                Dropout = fields.Present("lora_dropout", out var dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() is >= 0 and < 1 and var p ? p : 0,
                RankStabilized = fields.Flag("use_rslora"),
            };
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(path, $"is not JSON ({exception.Message})", exception);
        }
    }

    private static void Refuse(ModelConfigFields fields, JsonElement root)
    {
        if (fields.Text("peft_type") is var type && type != "LORA")
        {
            throw fields.Wrong("peft_type", $"'{type}' is not supported", "LORA");
        }

        if (fields.Text("bias") is { } bias && bias != "none")
        {
            throw fields.Wrong("bias", $"'{bias}' is not supported", "none");
        }

        foreach (var flag in (string[])["use_dora", "fan_in_fan_out", "lora_bias", "use_qalora", "use_bdlora"])
        {
            if (fields.Flag(flag))
            {
                throw fields.Wrong(flag, "true is not supported", "false");
            }
        }

        foreach (var name in (string[])["modules_to_save", "rank_pattern", "alpha_pattern", "layer_replication", "trainable_token_indices", "target_parameters", "alora_invocation_tokens"])
        {
            if (fields.Present(name, out var value) && !IsEmpty(value))
            {
                throw fields.Wrong(name, $"{Shown(value)} is not supported", "nothing there: one rank and alpha for linear layers alone");
            }
        }

        // These start from base weights that were changed, and the adapter is only right beside those.
        if (root.TryGetProperty("init_lora_weights", out var start) && start.ValueKind == JsonValueKind.String
            && start.GetString() is { } kind && (kind.StartsWith("pissa", StringComparison.Ordinal) || kind is "olora" or "corda" or "loftq"))
        {
            throw fields.Wrong("init_lora_weights", $"'{kind}' changes the base model's weights, so the adapter does not fit the published ones", "an adapter converted to a plain LoRA (PEFT: path_initial_model_for_weight_conversion)");
        }
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static string Shown(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : value.GetRawText();
}

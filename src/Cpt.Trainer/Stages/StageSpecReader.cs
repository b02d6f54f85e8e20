using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Contract;

namespace Cpt.Trainer.Stages;

/// <summary>Reads stage.json and refuses whatever it does not know: a misspelt field must not silently train other weights.</summary>
internal static class StageSpecReader
{
    public const string Reason = "BadSpec";

    private static readonly ContractJson s_strict = new(new JsonSerializerOptions(ContractJson.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    });

    /// <exception cref="StageFailureException">64, with every finding in one message; 66 when the file does not exist.</exception>
    public static StageSpec Read(string path)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StageFailureException(ExitCodes.InputNotFound, "NotFound", $"--stage: {path} does not exist", error);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new StageFailureException(ExitCodes.BadSpec, Reason, $"--stage: {path} cannot be read: {error.Message}", error);
        }

        return Parse(content, path);
    }

    /// <param name="content">UTF-8 JSON.</param>
    /// <param name="source">Named in messages.</param>
    /// <exception cref="StageFailureException">64.</exception>
    public static StageSpec Parse(ReadOnlyMemory<byte> content, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { AllowDuplicateProperties = false });
            CheckVersion(document.RootElement, source);
            var findings = JsonShape.Check(document.RootElement, s_strict.StageSpec);
            if (findings.Count == 0)
            {
                var spec = document.RootElement.Deserialize(s_strict.StageSpec)!;
                findings = StageSpecRules.Check(spec);
                if (findings.Count == 0)
                {
                    return spec;
                }
            }

            throw Bad($"{source}: {string.Join("; ", findings)}");
        }
        catch (JsonException error)
        {
            throw Bad($"{source}: {(error.Path is { Length: > 2 } path ? path[2..] + ": " : "")}{error.Message}", error);
        }
    }

    private static void CheckVersion(JsonElement root, string source)
    {
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("version", out var version)
            && !(version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var number) && number == StageSpec.CurrentVersion))
        {
            throw Bad($"{source}: version: {version.GetRawText()} is not understood; this trainer speaks version {StageSpec.CurrentVersion}");
        }
    }

    private static StageFailureException Bad(string message, Exception? inner = null) => new(ExitCodes.BadSpec, Reason, message, inner);
}

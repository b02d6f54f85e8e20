using System.Text;
using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Trainer.Ending;

/// <summary>The result as a kubelet takes it: at most <see cref="StageResult.MaxBytes"/>, which it would otherwise cut in the middle of the JSON.</summary>
internal static class TerminationMessage
{
    private const string Cut = "…";

    /// <summary>Cuts the message first, then leaves out scores from the end (they stand in evaluation.json), until the JSON fits.</summary>
    /// <returns>UTF-8 JSON of at most <see cref="StageResult.MaxBytes"/>.</returns>
    public static byte[] Compose(StageResult result)
    {
        var content = Serialize(result);
        if (content.Length <= StageResult.MaxBytes)
        {
            return content;
        }

        var scores = result.Scores.ToList();
        while (scores.Count > 0 && Serialize(result with { Message = Shorten(result.Message, 512), Scores = Map(scores) }).Length > StageResult.MaxBytes)
        {
            scores.RemoveAt(scores.Count - 1);
        }

        result = result with { Scores = Map(scores) };
        var runes = result.Message?.EnumerateRunes().Count() ?? 0;
        int fits = 0, tooLong = runes + 1;
        while (fits + 1 < tooLong)
        {
            var middle = (fits + tooLong) / 2;
            if (Serialize(result with { Message = Shorten(result.Message, middle) }).Length <= StageResult.MaxBytes)
            {
                fits = middle;
            }
            else
            {
                tooLong = middle;
            }
        }

        return Serialize(result with { Message = Shorten(result.Message, fits) });
    }

    /// <summary>Writes to <paramref name="path"/> if there is one. A result nobody can read must not change how the stage ended.</summary>
    public static void Write(string? path, StageResult result, Action<string> warn)
    {
        if (path is null)
        {
            return;
        }

        try
        {
            File.WriteAllBytes(path, Compose(result));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            warn($"--termination-log: {path} cannot be written: {error.Message}");
        }
    }

    private static byte[] Serialize(StageResult result) => JsonSerializer.SerializeToUtf8Bytes(result, ContractJson.Default.StageResult);

    private static Dictionary<string, double> Map(List<KeyValuePair<string, double>> scores) => new(scores, StringComparer.Ordinal);

    private static string? Shorten(string? text, int runes)
    {
        if (text is null || text.Length <= runes)
        {
            return text;
        }

        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().Take(runes))
        {
            kept.Append(rune.ToString());
        }

        return kept.Length < text.Length ? kept.Append(Cut).ToString() : text;
    }
}

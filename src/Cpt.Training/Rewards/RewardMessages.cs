using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>What is said to a reward service, and what it answers:
/// <code>
/// {"version": 1, "task": "sums", "rollouts": [{"id": "train-000007", "prompt": [{"role": "user", "content": "1+1="}], "response": "2", "sample": {"answer": "2"}}]}
/// {"rewards": [1]}
/// </code></summary>
internal static partial class RewardMessages
{
    private const int ShownCharacters = 200;

    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Request(string task, IReadOnlyList<(Sample Sample, string Response)> rollouts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, s_plain))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteString("task", task);
            json.WriteStartArray("rollouts");
            foreach (var (sample, response) in rollouts)
                Write(json, sample, response);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <exception cref="StageFailureException"><c>BadReward</c>: no such list, not as many as rollouts, or one of them is no number from 0 to 1.</exception>
    public static double[] Read(string answer, IReadOnlyList<(Sample Sample, string Response)> rollouts, Uri url)
    {
        using var document = Parsed(answer, url);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("rewards", out var list) || list.ValueKind != JsonValueKind.Array)
            throw Bad(url, $"the answer is {Shown(answer)}; expected {{\"rewards\": […]}}, one number from 0 to 1 for each rollout");

        if (list.GetArrayLength() != rollouts.Count)
            throw Bad(url, string.Create(CultureInfo.InvariantCulture, $"{list.GetArrayLength()} rewards for {rollouts.Count} rollouts; expected one for each, in their order"));

        var rewards = new double[rollouts.Count];
        foreach (var (place, item) in list.EnumerateArray().Index())
        {
            rewards[place] = item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out var reward) && reward is >= 0 and <= 1
                ? reward
                : throw Bad(url, string.Create(CultureInfo.InvariantCulture, $"rewards[{place}], of a rollout of sample {rollouts[place].Sample.Id}, is {Shown(item.GetRawText().Trim('"'))}; expected a number from 0 to 1"));
        }

        return rewards;
    }

    public static string Shown(string text) => text.Length <= ShownCharacters ? text : string.Concat(text.AsSpan(0, ShownCharacters), "…");

    private static JsonDocument Parsed(string answer, Uri url)
    {
        try
        {
            return JsonDocument.Parse(answer);
        }
        catch (JsonException first)
        {
            try
            {
                // NaN is no JSON, but Python writes it: as text it is found at its place, and named.
                return JsonDocument.Parse(NoNumber().Replace(answer, "\"$0\""));
            }
            catch (JsonException)
            {
                throw Bad(url, $"the answer is not valid JSON ({first.Message}): {Shown(answer)}");
            }
        }
    }

    private static StageFailureException Bad(Uri url, string problem) => new(ExitCodes.BadData, "BadReward", $"rft.reward.service {url}: {problem}");

    private static void Write(Utf8JsonWriter json, Sample sample, string response)
    {
        json.WriteStartObject();
        json.WriteString("id", sample.Id);
        json.WriteStartArray("prompt");
        foreach (var message in sample.Messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role);
            json.WriteString("content", message.Content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("response", response);
        json.WriteStartObject("sample");
        json.WriteString("answer", sample.Answer);
        if (sample.Accept is not null)
            json.WriteString("accept", sample.Accept);
        foreach (var (name, texts) in new[] { ("choices", sample.Choices), ("answers", sample.Answers), ("images", sample.Images) }.Where(list => list.Item2.Count > 0))
        {
            json.WriteStartArray(name);
            foreach (var text in texts)
                json.WriteStringValue(text);
            json.WriteEndArray();
        }

        if (sample.Metadata is not null)
        {
            json.WritePropertyName("metadata");
            json.WriteRawValue(sample.Metadata);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    [GeneratedRegex(@"(?<![""\w.-])-?(?:NaN|Infinity|inf|nan)\b(?!"")", RegexOptions.CultureInvariant)]
    private static partial Regex NoNumber();
}

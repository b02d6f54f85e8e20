using System.Text.Json;

namespace Cpt.Tasks;

/// <summary>Reads a split. Nothing is dropped in silence: every line that is not blank becomes a sample or an error.</summary>
internal sealed class SampleReader(TaskDefinition definition, IScorer scorer, string directory)
{
    /// <summary>What a picture's file may have; its pixels are bounded where it is decoded.</summary>
    private const long MaximumImageBytes = 64L << 20;

    private static readonly string[] s_fields = ["id", "messages", "answer", "accept", "choices", "answers", "scorer", "images", "metadata"];
    private static readonly string[] s_messageFields = ["role", "content"];
    private static readonly string[] s_roles = ["system", "user", "assistant"];
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="TaskDataException">Lists every bad line (the first twenty), or says that there is no line at all.</exception>
    public IReadOnlyList<Sample> Read(string file, ReadOnlyMemory<byte> content)
    {
        var samples = new List<Sample>();
        var errors = new List<string>();
        var lineOfId = new Dictionary<string, int>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in Lines(content))
        {
            number++;
            if (IsBlank(line.Span))
                continue;

            var problems = new List<string>();
            var sample = ReadLine(line, problems);
            if (sample is not null && !lineOfId.TryAdd(sample.Id, number))
                problems.Add($"id: '{sample.Id}' is already the id of line {lineOfId[sample.Id]}");

            errors.AddRange(problems.Select(problem => $"{file}:{number}: {problem}"));
            if (errors.Count >= TaskDataException.MaxErrors)
                break;

            if (sample is not null && problems.Count == 0)
                samples.Add(sample);
        }

        if (errors.Count > 0)
            throw new TaskDataException([.. errors.Take(TaskDataException.MaxErrors)]);

        if (samples.Count == 0)
            throw new TaskDataException([$"{file}: no valid line; a split needs at least one sample"], noSamples: true);

        return samples;
    }

    private Sample? ReadLine(ReadOnlyMemory<byte> line, List<string> problems)
    {
        try
        {
            using var document = JsonDocument.Parse(line, s_strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return ReadObject(document.RootElement, problems);

            problems.Add($"must be a JSON object, found {JsonFields.Shown(document.RootElement)}");
        }
        catch (JsonException error)
        {
            problems.Add($"not valid JSON: {error.Message}");
        }
        catch (InvalidOperationException)
        {
            // JsonElement.GetString on bytes that are no UTF-8, or on half a surrogate pair.
            problems.Add("not valid UTF-8 text");
        }

        return null;
    }

    private Sample? ReadObject(JsonElement element, List<string> problems)
    {
        var fields = new JsonFields(element, problems, "", s_fields);
        var sample = new Sample
        {
            Id = fields.RequiredText("id") ?? "",
            Messages = ReadMessages(fields, problems),
            Answer = fields.RequiredText("answer") ?? "",
            Accept = fields.Text("accept"),
            Choices = fields.Texts("choices"),
            Answers = fields.Texts("answers"),
            Scorer = fields.Text("scorer"),
            Metadata = fields.Raw("metadata"),
            Images = fields.Texts("images"),
        };

        IScorer? own = null;
        if (sample.Scorer is not null && !Scorers.TryGet(sample.Scorer, out own, out var unknown))
            fields.Wrong("scorer", unknown);

        if (sample.Accept is not null && AcceptPatterns.Problem(sample.Accept) is { } wrong)
            fields.Wrong("accept", wrong);

        if (problems.Count == 0 && ImageMarks.Problem(sample.Messages, sample.Images.Count) is { } misplaced)
            fields.Wrong("images", misplaced);

        foreach (var (index, image) in sample.Images.Index())
        {
            if (ImageProblem(image) is { } missing)
                fields.Wrong($"images[{index}]", missing);
        }

        if (problems.Count == 0 && (own ?? scorer).Problem(sample) is { } unscorable)
            problems.Add($"{unscorable} (scorer {sample.Scorer ?? definition.Scorer})");

        return problems.Count == 0 ? sample : null;
    }

    private List<TaskMessage> ReadMessages(JsonFields fields, List<string> problems)
    {
        var messages = new List<TaskMessage>();
        if (!fields.Has("messages"))
            fields.Wrong("messages", "missing; write [{\"role\": \"user\", \"content\": \"…\"}]");

        var before = problems.Count;
        foreach (var (index, item) in fields.Items("messages"))
        {
            var path = $"messages[{index}]";
            if (item.ValueKind != JsonValueKind.Object)
            {
                fields.Wrong(path, $"must be an object with role and content, found {JsonFields.Shown(item)}");
                continue;
            }

            var message = new JsonFields(item, problems, path + ".", s_messageFields);
            var role = message.RequiredText("role");
            var content = message.Text("content");
            if (role is not null && !s_roles.Contains(role, StringComparer.Ordinal))
                message.Wrong("role", $"'{role}' is no role; known are {string.Join(", ", s_roles)}");
            if (!message.Has("content"))
                message.Wrong("content", "missing");
            if (role is not null && content is not null)
                messages.Add(new TaskMessage(role, content));
        }

        if (problems.Count > before || !fields.Has("messages"))
            return messages;

        if (messages.Count == 0)
            fields.Wrong("messages", "must hold at least one message");
        else if (messages[^1].Role != "user")
            fields.Wrong($"messages[{messages.Count - 1}].role", $"the last message must be the user's, found '{messages[^1].Role}'; the answer belongs in the field answer");
        else if (definition.PromptSuffix is { } suffix)
            messages[^1] = messages[^1] with { Content = messages[^1].Content + suffix };

        if (problems.Count == before && definition.SystemPrompt is { } system && messages.TrueForAll(message => message.Role != "system"))
            messages.Insert(0, new TaskMessage("system", system));

        return messages;
    }

    private string? ImageProblem(string image)
    {
        if (image.Length == 0 || Path.IsPathRooted(image) || image.Split('/', '\\').Contains("..", StringComparer.Ordinal))
            return $"'{image}' must be a path inside the task's directory";

        var file = new FileInfo(Path.Combine(directory, image));
        if (!file.Exists)
            return $"'{image}' does not exist in {directory}";

        return file.Length <= MaximumImageBytes ? null : $"'{image}' has {file.Length} bytes; an image may have {MaximumImageBytes}";
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> content)
    {
        if (content.Span.StartsWith("\uFEFF"u8))
            content = content[3..];

        while (!content.IsEmpty)
        {
            var end = content.Span.IndexOf((byte)'\n');
            yield return end < 0 ? content : content[..end];
            content = end < 0 ? default : content[(end + 1)..];
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t\r"u8).IsEmpty;
}

using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cpt.Trainer.Tests;

/// <summary>Tasks that a random model of bytes can earn something on.</summary>
internal static class TinyTasks
{
    /// <summary>Right is every response that begins with a lower-case letter: a random model earns a little, and more with training.</summary>
    public static void CreateLetters(string directory, int train = 24, int eval = 8) => Write(directory, "letters", "Pattern", train, eval,
        i => new { id = Id(i), messages = Question($"say {i}: "), answer = ((char)('a' + (i % 26))).ToString(), accept = @"[a-z][\s\S]*" });

    /// <summary>One right answer each.</summary>
    public static void CreateSums(string directory, int train = 24, int eval = 8, string? answer = null) => Write(directory, "sums", "ExactMatch", train, eval,
        i => new { id = Id(i), messages = Question($"{i}+{i}="), answer = answer ?? (2 * i).ToString(CultureInfo.InvariantCulture) });

    private static void Write(string directory, string name, string scorer, int train, int eval, Func<int, object> sample)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "task.json"), JsonSerializer.Serialize(new { name, scorer }));
        File.WriteAllText(Path.Combine(directory, "train.jsonl"), Lines(0, train, sample));
        File.WriteAllText(Path.Combine(directory, "eval.jsonl"), Lines(100, eval, sample));
    }

    private static string Lines(int first, int count, Func<int, object> sample)
    {
        var lines = new StringBuilder();
        for (var i = first; i < first + count; i++)
        {
            lines.Append(JsonSerializer.Serialize(sample(i))).Append('\n');
        }

        return lines.ToString();
    }

    private static object[] Question(string text) => [new { role = "user", content = text }];

    private static string Id(int i) => "s" + i.ToString(CultureInfo.InvariantCulture);
}

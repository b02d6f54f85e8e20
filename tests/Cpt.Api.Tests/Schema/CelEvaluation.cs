using System.Diagnostics;
using System.Text.Json.Nodes;
using Cpt.Api.Schema;

namespace Cpt.Api.Tests.Schema;

/// <summary>What an API server with CEL would say: every rule of the definition at every place of an object where it applies.</summary>
internal static class CelEvaluation
{
    private static readonly string s_evaluator = Path.Combine(Repository.Root, "artifacts", "cel", "0.6.1");

    /// <summary>For each object the places whose rule it breaks; with the old object for rules about changes.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<string>>> BrokenRulesAsync(IEnumerable<(JsonObject Run, JsonObject? Before)> cases)
    {
        var schema = RunDefinition.ToJson()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!;
        var due = new List<(int Case, string Place, JsonObject Question)>();
        foreach (var (index, (run, before)) in cases.Index())
        {
            Default(schema, run);
            if (before is not null)
            {
                Default(schema, before);
            }

            Walk(schema, run, before, "", (place, question) => due.Add((index, place, question)));
        }

        var answers = await AskAsync(new JsonArray([.. due.Select(entry => entry.Question)]));
        Assert.All(answers, answer => Assert.True(answer!.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False, answer.ToJsonString()));
        var broken = Enumerable.Range(0, cases.Count()).Select(_ => new List<string>()).ToList();
        foreach (var (entry, answer) in due.Zip(answers))
        {
            if (!answer!.GetValue<bool>())
            {
                broken[entry.Case].Add(entry.Place);
            }
        }

        return broken;
    }

    /// <summary>As the server does before it looks at rules.</summary>
    public static void Default(JsonNode schema, JsonNode value)
    {
        if (value is JsonObject map)
        {
            foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
            {
                if (!map.ContainsKey(name) && property!["default"] is { } given)
                {
                    map[name] = given.DeepClone();
                }

                if (map[name] is { } inner)
                {
                    Default(property!, inner);
                }
            }
        }
        else if (value is JsonArray list)
        {
            foreach (var item in list)
            {
                Default(schema["items"]!, item!);
            }
        }
    }

    private static void Walk(JsonNode schema, JsonNode value, JsonNode? before, string path, Action<string, JsonObject> ask)
    {
        foreach (var rule in schema["x-kubernetes-validations"]?.AsArray() ?? [])
        {
            var text = rule!["rule"]!.GetValue<string>();
            var aboutChange = text.Contains("oldSelf", StringComparison.Ordinal);
            if (!aboutChange || before is not null)
            {
                var question = new JsonObject { ["rule"] = text, ["self"] = value.DeepClone() };
                if (aboutChange)
                {
                    question["oldSelf"] = before!.DeepClone();
                }

                ask(path, question);
            }
        }

        if (value is JsonObject map)
        {
            foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
            {
                if (map[name] is { } inner)
                {
                    Walk(property!, inner, (before as JsonObject)?[name], path.Length == 0 ? name : $"{path}.{name}", ask);
                }
            }
        }
        else if (value is JsonArray list)
        {
            foreach (var (index, item) in list.Index())
            {
                Walk(schema["items"]!, item!, null, $"{path}[{index}]", ask);
            }
        }
    }

    private static async Task<JsonArray> AskAsync(JsonArray questions)
    {
        Assert.True(Directory.Exists(s_evaluator), "eng/fetch-cel.sh was run, as ./test.sh does");
        var start = new ProcessStartInfo("node", [Path.Combine(Repository.Root, "tests", "Cpt.Api.Tests", "Schema", "evaluate.mjs"), s_evaluator])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(questions.ToJsonString());
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return JsonNode.Parse(await output)!.AsArray();
    }
}

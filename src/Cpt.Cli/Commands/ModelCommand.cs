using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cpt.Contract;
using Cpt.Models;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt model</c>: checks a model directory, says what it holds and what training it takes, brings one out of storage, merges a LoRA.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Check a model, say what it holds or needs, take one out of storage, merge a LoRA")
    {
        ModelVerifyCommand.Create(),
        ModelInfoCommand.Create(),
        ModelExportCommand.Create(),
        ModelMergeCommand.Create(),
        ModelPlanCommand.Create(),
    };

    internal static Option<string> ModelOption() => new("--model", "-m")
    {
        Description = "A Hugging Face directory: config.json and *.safetensors",
        Required = true,
        HelpName = "DIR",
    };

    internal static Option<string> OutputOption()
    {
        var option = new Option<string>("--output", "-o") { Description = "text or json", DefaultValueFactory = _ => "text", HelpName = "FORMAT" };
        option.AcceptOnlyFromAmong("text", "json");
        return option;
    }

    /// <summary>Runs the body; a damaged file ends with 65, a missing one with 66, and one line on standard error.</summary>
    internal static int Reporting(ParseResult result, Func<TextWriter, int> body)
    {
        var error = result.InvocationConfiguration.Error;
        try
        {
            return body(result.InvocationConfiguration.Output);
        }
        catch (ModelFormatException wrong)
        {
            error.WriteLine("error: " + wrong.Message);
            return ExitCodes.BadData;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            error.WriteLine("error: " + missing.Message);
            return ExitCodes.InputNotFound;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            error.WriteLine("error: " + failed.Message);
            return ExitCodes.StorageUnavailable;
        }
    }

    internal static void WriteJson(TextWriter output, Action<Utf8JsonWriter> fields)
    {
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(memory.ToArray()));
    }
}

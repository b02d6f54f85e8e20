using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cpt.Cli.Display;
using Spectre.Console;

namespace Cpt.Cli.Cluster;

/// <summary>How an answer is printed.</summary>
internal static class Forms
{
    public const string Table = "table";
    public const string Wide = "wide";
    public const string Json = "json";
    public const string Yaml = "yaml";
    public const string Name = "name";
    public const string Csv = "csv";

    public static Option<string> Option(params string[] forms)
    {
        var option = new Option<string>("--output", "-o") { Description = string.Join(", ", forms[..^1]) + " or " + forms[^1], HelpName = "FORMAT", DefaultValueFactory = _ => forms[0] };
        return option.AcceptOnlyFromAmong(forms);
    }

    /// <summary>With colours on a terminal, unless NO_COLOR is set.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter output) =>
        ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected ? AnsiConsole.Console : PlainConsole.On(output);

    /// <param name="output">Where to.</param>
    /// <param name="value">Printed whole.</param>
    /// <param name="type">Its JSON form.</param>
    /// <param name="form"><see cref="Json"/> or <see cref="Yaml"/>.</param>
    public static Task WriteAsync<T>(TextWriter output, T value, JsonTypeInfo<T> type, string form) => form == Yaml
        ? output.WriteAsync(YamlText.Of(JsonSerializer.SerializeToNode(value, type)))
        : output.WriteLineAsync(JsonSerializer.Serialize(value, type));
}

using System.Globalization;

namespace Cpt.Trainer;

internal enum LogStyle
{
    /// <summary>Text on a terminal, JSON lines everywhere else.</summary>
    Auto,
    Json,
    Text,
}

/// <summary>What the command line asks for.</summary>
internal sealed record TrainerOptions
{
    public const int DefaultPort = 9400;

    public const string Usage = """
        cpt-trainer --stage FILE [options]

        Trains and evaluates one stage of a run, as its stage.json says, and ends with an exit code:
        0 done, 64 bad spec, 65 bad data, 66 input not found, 69 storage unavailable, 70 internal, 75 stopped after saving.

          --stage FILE            the stage contract (required)
          --work DIR              scratch space: inputs, checkpoints before they are committed (default: a temporary directory)
          --termination-log FILE  where the result goes as JSON of at most 4096 bytes (in a pod: /dev/termination-log)
          --port N                /metrics, /progress and /healthz on this port; 0 takes a free one (default 9400)
          --log json|text|auto    JSON lines, or a progress line for a terminal (default auto)
          --grace SECONDS         after SIGTERM, end by then even if the step is not finished; 0 waits for it (default $CPT_GRACE_SECONDS, else 0)
          --stall SECONDS         /healthz fails when nothing moved for so long (default 900)
          --version, --help
        """;

    public string? StageFile { get; init; }

    public string? WorkDirectory { get; init; }

    public string? TerminationLog { get; init; }

    public int Port { get; init; } = DefaultPort;

    public LogStyle Log { get; init; } = LogStyle.Auto;

    /// <summary>Zero: no limit.</summary>
    public TimeSpan Grace { get; init; }

    public TimeSpan Stall { get; init; } = TimeSpan.FromMinutes(15);

    public bool Help { get; init; }

    public bool Version { get; init; }

    /// <param name="arguments">As given to the process.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <exception cref="FormatException">The message names the option, the wrong value and what would be right.</exception>
    public static TrainerOptions Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var options = new TrainerOptions();
        if (environment("CPT_GRACE_SECONDS") is { Length: > 0 } grace)
        {
            options = options with { Grace = Seconds("CPT_GRACE_SECONDS", grace) };
        }

        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, inline) = arguments[i].Split('=', 2) is [var head, var tail] ? (head, tail) : (arguments[i], null);
            string Value()
            {
                if (inline is not null)
                {
                    return inline;
                }

                return ++i < arguments.Count ? arguments[i] : throw new FormatException($"{name}: needs a value");
            }

            options = name switch
            {
                "--stage" => options with { StageFile = Value() },
                "--work" => options with { WorkDirectory = Value() },
                "--termination-log" => options with { TerminationLog = Value() },
                "--port" => options with { Port = ParsePort(Value()) },
                "--log" => options with { Log = ParseLog(Value()) },
                "--grace" => options with { Grace = Seconds(name, Value()) },
                "--stall" => options with { Stall = Seconds(name, Value()) },
                "--help" or "-h" => options with { Help = true },
                "--version" => options with { Version = true },
                _ => throw new FormatException($"{arguments[i]}: unknown option; see cpt-trainer --help"),
            };
        }

        return options.Help || options.Version || options.StageFile is not null
            ? options
            : throw new FormatException("--stage: missing; give the path of stage.json");
    }

    private static int ParsePort(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? port
            : throw new FormatException($"--port: {value} is not a port; give 0 to 65535");

    private static LogStyle ParseLog(string value) => value switch
    {
        "json" => LogStyle.Json,
        "text" => LogStyle.Text,
        "auto" => LogStyle.Auto,
        _ => throw new FormatException($"--log: {value} is unknown; give json, text or auto"),
    };

    private static TimeSpan Seconds(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= 1e6
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"{name}: {value} is not a number of seconds; give 0 or more");
}

using System.Globalization;
using System.Net;
using Cpt.Operator.Jobs;
using Cpt.Operator.Measuring;

namespace Cpt.Operator.Hosting;

internal enum LogStyle
{
    Json,
    Text,
}

/// <summary>How the operator reaches a trainer's <c>/progress</c>.</summary>
internal enum ProgressWay
{
    /// <summary>At the pod's address.</summary>
    Direct,

    /// <summary>Through the API server, where pods cannot be reached from the operator's network; needs <c>pods/proxy</c>.</summary>
    Proxy,

    Off,
}

/// <summary>What the command line and the environment ask for. The command line wins.</summary>
internal sealed record OperatorOptions
{
    public const string Usage = """
        cpt-operator [options]

        Carries out ContinualRuns (cpt.dev/v1alpha1) on a Kubernetes cluster: one Job for each attempt of each stage.
        Every option may also be set in the environment, under the name in brackets; the command line wins.

          --kubeconfig FILE              the cluster; inside a pod: its service account           [KUBECONFIG]
          --context NAME                 context of the kubeconfig; default: its current one      [CPT_CONTEXT]
          --namespace NAME               watch one namespace; default: all                        [CPT_NAMESPACE]
          --leader-elect[=true|false]    of several processes one acts; default: true in a pod    [CPT_LEADER_ELECT]
          --lease-namespace NAME         where the lease lies; default: the operator's own        [CPT_LEASE_NAMESPACE]
          --lease-name NAME              default cpt-operator                                     [CPT_LEASE_NAME]
          --trainer-image IMAGE          for runs that name none in spec.template.image           [CPT_TRAINER_IMAGE]
          --trainer-service-account NAME for runs that name none; default: the namespace's own    [CPT_TRAINER_SERVICE_ACCOUNT]
          --listen ADDRESS:PORT          /metrics, /healthz and /readyz; default :8080            [CPT_LISTEN]
          --workers N                    runs looked after at the same time; default 16           [CPT_WORKERS]
          --volumes DIR                  claims of pvc:// are mounted under it: DIR/CLAIM or DIR/NAMESPACE/CLAIM  [CPT_VOLUMES]
          --bundle DIR                   what bundled:// means; default: beside the program       [CPT_BUNDLE]
          --cache DIR                    digests and copies of remote inputs; default: a temporary directory  [CPT_CACHE]
          --progress direct|proxy|off    how step counts are asked for; default direct            [CPT_PROGRESS]
          --log json|text                default json                                             [CPT_LOG]
          --version, --help

        Exit codes: 0 stopped as asked, 64 bad option, 70 a part of it died, 75 the lease was lost: start again, to stand by.
        """;

    public string? Kubeconfig { get; init; }

    public string? Context { get; init; }

    public string? Namespace { get; init; }

    /// <summary>Null: in a pod.</summary>
    public bool? LeaderElect { get; init; }

    public string? LeaseNamespace { get; init; }

    public string LeaseName { get; init; } = "cpt-operator";

    public string? TrainerImage { get; init; }

    public string? TrainerServiceAccount { get; init; }

    /// <summary>Empty address: every interface.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.IPv6Any, 8080);

    public int Workers { get; init; } = 16;

    public string? Volumes { get; init; }

    public string? Bundle { get; init; }

    public string? Cache { get; init; }

    public ProgressWay Progress { get; init; } = ProgressWay.Direct;

    /// <summary>Not on the command line: pods are made by the operator itself, and all listen on the same port.</summary>
    public int ProgressPort { get; init; } = TrainerPod.Port;

    /// <summary>Not on the command line: several operators in one process need several.</summary>
    public string Meter { get; init; } = StageMetrics.MeterName;

    /// <summary>Not on the command line: whether the server has the kind ContinualStudy, which the process asks it when it starts.</summary>
    public bool Studies { get; init; }

    public LogStyle Log { get; init; } = LogStyle.Json;

    public bool Help { get; init; }

    public bool Version { get; init; }

    /// <summary>Options that are also variables, in the order of the help.</summary>
    private static readonly (string Option, string Variable)[] s_variables =
    [
        // KUBECONFIG may hold several files, so ClusterConfig reads it itself.
        ("--context", "CPT_CONTEXT"),
        ("--namespace", "CPT_NAMESPACE"),
        ("--leader-elect", "CPT_LEADER_ELECT"),
        ("--lease-namespace", "CPT_LEASE_NAMESPACE"),
        ("--lease-name", "CPT_LEASE_NAME"),
        ("--trainer-image", "CPT_TRAINER_IMAGE"),
        ("--trainer-service-account", "CPT_TRAINER_SERVICE_ACCOUNT"),
        ("--listen", "CPT_LISTEN"),
        ("--workers", "CPT_WORKERS"),
        ("--volumes", "CPT_VOLUMES"),
        ("--bundle", "CPT_BUNDLE"),
        ("--cache", "CPT_CACHE"),
        ("--progress", "CPT_PROGRESS"),
        ("--log", "CPT_LOG"),
    ];

    /// <param name="arguments">As given to the process.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <exception cref="FormatException">The message names the option or variable, the wrong value and what would be right.</exception>
    public static OperatorOptions Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var options = new OperatorOptions();
        foreach (var (option, variable) in s_variables)
        {
            if (environment(variable) is { Length: > 0 } value)
            {
                options = options.With(option, variable, () => value);
            }
        }

        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, inline) = arguments[i].Split('=', 2) is [var head, var tail] ? (head, tail) : (arguments[i], null);
            options = name switch
            {
                "--help" or "-h" => options with { Help = true },
                "--version" => options with { Version = true },
                // A switch: its value, if any, is written with "=".
                "--leader-elect" => options.With(name, name, () => inline ?? "true"),
                _ => options.With(name, name, Value),
            };

            string Value()
            {
                if (inline is not null)
                {
                    return inline;
                }

                return ++i < arguments.Count ? arguments[i] : throw new FormatException($"{name}: needs a value");
            }
        }

        return options;
    }

    private OperatorOptions With(string option, string source, Func<string> value) => option switch
    {
        "--kubeconfig" => this with { Kubeconfig = value() },
        "--context" => this with { Context = value() },
        "--namespace" => this with { Namespace = value() },
        "--leader-elect" => this with { LeaderElect = Flag(source, value()) },
        "--lease-namespace" => this with { LeaseNamespace = value() },
        "--lease-name" => this with { LeaseName = value() },
        "--trainer-image" => this with { TrainerImage = value() },
        "--trainer-service-account" => this with { TrainerServiceAccount = value() },
        "--listen" => this with { Listen = Address(source, value()) },
        "--workers" => this with { Workers = Count(source, value()) },
        "--volumes" => this with { Volumes = Directory(source, value()) },
        "--bundle" => this with { Bundle = Directory(source, value()) },
        "--cache" => this with { Cache = value() },
        "--progress" => this with { Progress = Word<ProgressWay>(source, value(), "direct, proxy or off") },
        "--log" => this with { Log = Word<LogStyle>(source, value(), "json or text") },
        _ => throw new FormatException($"{source}: unknown option; see cpt-operator --help"),
    };

    private static bool Flag(string source, string value) =>
        bool.TryParse(value, out var flag) ? flag : throw new FormatException($"{source}: {value} is neither true nor false");

    private static IPEndPoint Address(string source, string value)
    {
        var text = value.StartsWith(':') ? "[::]" + value : value;
        return IPEndPoint.TryParse(text, out var address) && text.Contains(':', StringComparison.Ordinal) && text[^1] is >= '0' and <= '9'
            ? address
            : throw new FormatException($"{source}: {value} is not an address; give :PORT or ADDRESS:PORT, for example :8080 or 127.0.0.1:8080");
    }

    private static int Count(string source, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 1000
            ? count
            : throw new FormatException($"{source}: {value} is not a number from 1 to 1000");

    private static string Directory(string source, string value) =>
        System.IO.Directory.Exists(value) ? Path.GetFullPath(value) : throw new FormatException($"{source}: {value} is not a directory here");

    private static T Word<T>(string source, string value, string known)
        where T : struct, Enum =>
        Enum.TryParse<T>(value, ignoreCase: true, out var word) && Enum.IsDefined(word) && !char.IsAsciiDigit(value[0])
            ? word
            : throw new FormatException($"{source}: {value} is unknown; give {known}");
}

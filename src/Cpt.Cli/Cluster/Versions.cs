namespace Cpt.Cli.Cluster;

internal static class Versions
{
    public static string Own { get; } = typeof(Versions).Assembly.GetName().Version?.ToString(3) ?? "";
}

using System.Text.Json;
using YamlDotNet.Core;

namespace Cpt.Kubernetes;

/// <summary>One kubeconfig, or several merged: of two entries with the same name, and of two current contexts, the first one stands, as in kubectl.</summary>
public sealed partial class Kubeconfig
{
    private readonly Dictionary<string, NamedCluster> _clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NamedUser> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NamedContext> _contexts = new(StringComparer.Ordinal);
    private readonly string _source;

    private Kubeconfig(string source) => _source = source;

    /// <summary>Null where no file sets one.</summary>
    public string? CurrentContext { get; private set; }

    /// <summary>The names one may pass as a context.</summary>
    public IReadOnlyCollection<string> Contexts => _contexts.Keys;

    /// <exception cref="KubeconfigException">It does not exist, cannot be read, or is no kubeconfig.</exception>
    public static Kubeconfig Read(string path)
    {
        var config = new Kubeconfig(path);
        config.Add(path);
        return config;
    }

    /// <summary>As kubectl reads <c>KUBECONFIG</c>: files that do not exist are passed over, unless all of them are missing.</summary>
    /// <exception cref="KubeconfigException">None exists, or one is no kubeconfig.</exception>
    public static Kubeconfig ReadMerged(IReadOnlyList<string> paths)
    {
        var config = new Kubeconfig(string.Join(Path.PathSeparator, paths));
        var found = paths.Where(File.Exists).ToList();
        if (found.Count == 0)
        {
            throw new KubeconfigException($"KUBECONFIG={config._source}: no such file");
        }

        found.ForEach(config.Add);
        return config;
    }

    private void Add(string path)
    {
        KubeconfigFile? file;
        try
        {
            file = KubeconfigYaml.Parse(File.ReadAllText(path)) is { } tree ? tree.Deserialize(WireJson.Default.KubeconfigFile) : new();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"{path} cannot be read: {exception.Message}", exception);
        }
        catch (YamlException exception)
        {
            throw new KubeconfigException($"{path}:{exception.Start.Line}: not YAML: {exception.Message}", exception);
        }
        catch (JsonException exception)
        {
            throw new KubeconfigException($"{path}: {exception.Path?.TrimStart('$', '.')} is not what a kubeconfig has there: {exception.Message}", exception);
        }

        CurrentContext ??= file?.CurrentContext is { Length: > 0 } current ? current : null;
        Add(_clusters, file?.Clusters, path);
        Add(_users, file?.Users, path);
        Add(_contexts, file?.Contexts, path);
    }

    private static void Add<T>(Dictionary<string, T> known, List<T>? entries, string path)
        where T : FromFile
    {
        foreach (var entry in entries ?? [])
        {
            entry.File = Path.GetFullPath(path);
            known.TryAdd(entry.Name, entry);
        }
    }
}

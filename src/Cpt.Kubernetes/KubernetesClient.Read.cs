namespace Cpt.Kubernetes;

/// <content>Get and list.</content>
public sealed partial class KubernetesClient
{
    /// <exception cref="KubernetesException">Refused; <see cref="KubernetesException.IsNotFound"/> when there is none.</exception>
    public Task<T> GetAsync<T>(string name, string? @namespace = null, CancellationToken cancellation = default)
        where T : IKubernetesObject =>
        CallAsync<T>(Get("get", ResourceKind.Of<T>().PathOf(name, @namespace)), cancellation);

    /// <returns>Null when there is none.</returns>
    public async Task<T?> TryGetAsync<T>(string name, string? @namespace = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject
    {
        try
        {
            return await GetAsync<T>(name, @namespace, cancellation);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>The whole list, fetched page by page and all of one moment. When it takes so long that the server forgets the moment, it begins anew.</summary>
    public async Task<ResourceList<T>> ListAsync<T>(ListOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject
    {
        options ??= new();
        try
        {
            return await ListPagesAsync<T>(options, cancellation);
        }
        catch (ResourceExpiredException) when (options.Limit > 0)
        {
            // Once more in pages would run into the same; all at once cannot expire.
            return await ListPageAsync<T>(options with { Limit = 0, Continue = null }, cancellation);
        }
    }

    /// <summary>One page. The next one: <c>options with { Continue = page.Continue }</c>.</summary>
    /// <exception cref="ResourceExpiredException">The page was asked for too late: list anew.</exception>
    public Task<ResourceList<T>> ListPageAsync<T>(ListOptions options, CancellationToken cancellation = default)
        where T : IKubernetesObject
    {
        var kind = ResourceKind.Of<T>();
        var path = new Query(kind.PathOf(options.Namespace))
            .Add("labelSelector", options.LabelSelector)
            .Add("fieldSelector", options.FieldSelector)
            .Add("limit", options.Limit > 0 ? options.Limit : null)
            .Add("continue", options.Continue)
            // The continuation has its moment in itself, and the server refuses a second one.
            .Add("resourceVersion", options.Continue is null ? options.ResourceVersion : null);
        var type = JsonTypeOf<T>();
        return _sender.CallAsync(Get("list", path.ToString()), async (stream, cancellation) =>
        {
            var list = await new ListReader<T>(type).ReadAsync(stream, cancellation);
            foreach (var item in list.Items)
            {
                NameKind(item, kind);
            }

            return list;
        }, cancellation);
    }

    private async Task<ResourceList<T>> ListPagesAsync<T>(ListOptions options, CancellationToken cancellation)
        where T : IKubernetesObject
    {
        var page = await ListPageAsync<T>(options, cancellation);
        if (page.Continue is null)
        {
            return page;
        }

        var items = new List<T>(page.Items.Count + (int)(page.RemainingItemCount ?? 0));
        items.AddRange(page.Items);
        while (page.Continue is not null)
        {
            page = await ListPageAsync<T>(options with { Continue = page.Continue }, cancellation);
            items.AddRange(page.Items);
        }

        return page with { Items = items };
    }

    /// <summary>Items of a list of a built-in kind come without these two; and one string for all of them takes less room than one each.</summary>
    private static void NameKind<T>(T item, ResourceKind kind)
        where T : IKubernetesObject => (item.ApiVersion, item.Kind) = (kind.ApiVersion, kind.Kind);

    private static ApiRequest Get(string verb, string path) => new(HttpMethod.Get, path) { Verb = verb, IsIdempotent = true };
}

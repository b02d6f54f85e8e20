using System.Text;

namespace Cpt.Controllers;

/// <summary>One thing that must be well.</summary>
/// <param name="Name">What.</param>
/// <param name="Problem">Null: it is.</param>
internal sealed record HealthCheck(string Name, string? Problem);

/// <summary>
/// What <c>/healthz</c> and <c>/readyz</c> say. Alive: the parts of the engine run, and no reconcile hangs; an API server that is away is nothing that a restart would mend.
/// Ready: the caches have been filled, of a standby as well.
/// </summary>
internal sealed class OperatorHealth(IEnumerable<IInformer> informers, IEnumerable<IControllerHost> controllers)
{
    private readonly IInformer[] _informers = [.. informers];
    private readonly IControllerHost[] _controllers = [.. controllers];
    private volatile string? _dead;
    private volatile bool _stops;

    /// <summary>A part of the engine ended that never should.</summary>
    public void Died(string why) => _dead = why;

    public void Stops() => _stops = true;

    public IReadOnlyList<HealthCheck> Live() =>
        [new("engine", _dead), .. _controllers.Select(controller => new HealthCheck("controller " + controller.Name, controller.Problem))];

    public IReadOnlyList<HealthCheck> Ready() =>
    [
        new("engine", _dead ?? (_stops ? "stopping" : null)),
        .. _informers.Select(informer => new HealthCheck("cache " + informer.Kind, informer.HasSynced ? null : informer.Problem ?? "not listed yet")),
    ];

    /// <summary>As the API server writes its own.</summary>
    public static string Describe(IReadOnlyList<HealthCheck> checks)
    {
        var text = new StringBuilder();
        foreach (var check in checks)
        {
            text.Append(check.Problem is null ? "[+]" : "[-]").Append(check.Name).Append(' ').Append(check.Problem ?? "ok").Append('\n');
        }

        return text.ToString();
    }
}

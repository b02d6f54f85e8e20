using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers;

/// <summary>The way in: <c>services.AddKubernetesOperator(…).AddController&lt;MyController, MyKind&gt;()</c>.</summary>
public static class OperatorServices
{
    public static OperatorBuilder AddKubernetesOperator(this IServiceCollection services, Action<OperatorSettings>? configure = null)
    {
        var settings = new OperatorSettings();
        configure?.Invoke(settings);
        settings.LeaderElection?.Validate();
        return new(services, settings);
    }
}

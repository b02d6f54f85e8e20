using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Cpt.Controllers;

/// <summary>What an operator's program ends with: <c>app.MapOperator(); return await app.RunOperatorAsync();</c></summary>
public static class OperatorApplication
{
    /// <summary><c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>.</summary>
    public static IEndpointRouteBuilder MapOperator(this IEndpointRouteBuilder routes) => routes;

    /// <summary>Runs until a signal, or until a part of the engine dies or the lease is lost.</summary>
    /// <returns>The process' exit code: 0 after a signal.</returns>
    public static async Task<int> RunOperatorAsync(this WebApplication application, CancellationToken cancellation = default)
    {
        await application.StartAsync(cancellation);
        await application.WaitForShutdownAsync(cancellation);
        return 0;
    }
}

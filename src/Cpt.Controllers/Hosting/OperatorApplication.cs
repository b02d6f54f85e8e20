using System.Text;
using Cpt.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cpt.Controllers;

/// <summary>What an operator's program ends with: <c>app.MapOperator(); return await app.RunOperatorAsync();</c></summary>
public static class OperatorApplication
{
    /// <summary><c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>. Plain delegates: nothing here is looked up by reflection.</summary>
    public static IEndpointRouteBuilder MapOperator(this IEndpointRouteBuilder routes)
    {
        var health = routes.ServiceProvider.GetRequiredService<OperatorHealth>();
        var metrics = routes.ServiceProvider.GetRequiredService<OperatorMetrics>();
        routes.MapGet("/healthz", context => AnswerAsync(context, health.Live()));
        routes.MapGet("/readyz", context => AnswerAsync(context, health.Ready()));
        routes.MapGet("/metrics", context => WriteAsync(context, StatusCodes.Status200OK, PrometheusExposition.ContentType, metrics.Render()));
        return routes;
    }

    /// <summary>Runs until a signal, or until a part of the engine dies or the lease is lost.</summary>
    /// <returns>The process' exit code, see <see cref="OperatorOutcome"/>.</returns>
    public static async Task<int> RunOperatorAsync(this IHost application, CancellationToken cancellation = default)
    {
        var outcome = application.Services.GetRequiredService<OperatorOutcome>();
        await application.StartAsync(cancellation);
        await application.WaitForShutdownAsync(cancellation);
        return outcome.ExitCode;
    }

    private static Task AnswerAsync(HttpContext context, IReadOnlyList<HealthCheck> checks) => WriteAsync(
        context,
        checks.All(check => check.Problem is null) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
        "text/plain; charset=utf-8",
        OperatorHealth.Describe(checks));

    private static Task WriteAsync(HttpContext context, int code, string type, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

using Cpt.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers.Tests;

/// <summary>An operator process in this one: a host of its own, with its own connections, caches and pages.</summary>
internal sealed class TestOperator : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _http = new();
    private readonly Task<int> _running;

    private TestOperator(WebApplication application, Wire wire)
    {
        (_application, Wire) = (application, wire);
        _running = application.RunOperatorAsync();
    }

    public Wire Wire { get; }

    public IServiceProvider Services => _application.Services;

    public KubernetesClient Client => Services.GetRequiredService<KubernetesClient>();

    public WriteFence Fence => Services.GetRequiredService<WriteFence>();

    /// <summary>Ends with the exit code.</summary>
    public Task<int> Ended => _running.WaitAsync(TimeSpan.FromSeconds(120));

    public static async Task<TestOperator> StartAsync(
        ApiServer server, string @namespace, Action<OperatorBuilder> declare, Action<OperatorSettings>? settings = null, bool waitUntilReady = true, Wire? wire = null)
    {
        wire ??= new();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        builder.Logging.AddProvider(new TestLog());
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        declare(builder.Services.AddKubernetesOperator(known =>
        {
            known.Name = "test-operator";
            known.Cluster = ClusterConfig.Load(server.Cluster.Kubeconfig);
            known.Client = new() { Json = [TestJson.Default], WrapHandler = wire.Wrap };
            known.Namespace = @namespace;
            settings?.Invoke(known);
        }));
        var application = builder.Build();
        application.MapOperator();
        var started = new TestOperator(application, wire);
        if (waitUntilReady)
        {
            await started.ReadyAsync();
        }

        return started;
    }

    public static LeaderElectionOptions QuickElection(string identity) => new()
    {
        Identity = identity,
        LeaseDuration = TimeSpan.FromSeconds(3),
        RenewDeadline = TimeSpan.FromSeconds(2),
        RetryPeriod = TimeSpan.FromSeconds(0.3),
    };

    public IInformerCache<T> Cache<T>()
        where T : class, IKubernetesObject => Services.GetRequiredService<IInformerCache<T>>();

    public Task ReadyAsync() => Eventually.ThatAsync(async () => _application.Urls.Count > 0 && (await GetAsync("/readyz")).Code == 200);

    public async Task<(int Code, string Body)> GetAsync(string path)
    {
        using var response = await _http.GetAsync(_application.Urls.First() + path);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>As a signal would.</summary>
    public async Task<int> StopAsync()
    {
        _application.Lifetime.StopApplication();
        return await Ended;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_running.IsCompleted)
        {
            await StopAsync();
        }

        await _application.DisposeAsync();
        _http.Dispose();
    }

    /// <summary>Into the test's own output, which is shown when it fails.</summary>
    private sealed class TestLog : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Cpt.", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"{logLevel} {eventId.Id} {formatter(state, exception)} {exception}");
            }
            catch (InvalidOperationException)
            {
                // The test is over.
            }
        }

        public void Dispose()
        {
        }
    }
}

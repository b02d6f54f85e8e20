using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// A user's own judge of rollouts, over HTTP: posts them in batches, up to <see cref="AtOnce"/> at a time, and reads one number from 0 to 1 for each. What fails in passing (no connection, no answer in
/// time, 408, 425, 429, 5xx) is repeated after 1, 2, 4, … seconds or as long as <c>Retry-After</c> says; after the last try the attempt ends with an exit code that is retried. What would fail
/// again (another 4xx, a wrong answer) ends the stage.
/// </summary>
/// <remarks>Of several workers only the first asks: all must train on the same rewards, and a judge that is itself a model may answer differently twice.</remarks>
internal sealed class RewardService : IDisposable
{
    /// <summary>Sent as a bearer token where it is set. Credentials never stand in a spec.</summary>
    public const string TokenVariable = "CPT_REWARD_SERVICE_TOKEN";

    private const int AtOnce = 4;
    private const int LongestAnswer = 64 << 20;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(60);

    private readonly HttpClient _client;
    private readonly Uri _url;
    private readonly RewardCallSpec _calls;
    private readonly string _task;
    private readonly WorkerGroup? _workers;
    private readonly TimeProvider _time;
    private readonly Action<string>? _log;

    public RewardService(RewardServiceSpec service, RewardCallSpec calls, string task, WorkerGroup? workers, TimeProvider time, Action<string>? log)
    {
        (_url, _calls, _task, _workers, _time, _log) = (new Uri(service.Url), calls, task, workers, time, log);
        // A redirected POST arrives as a GET, or with its prompts at a host that nobody named.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LongestAnswer,
        };
        if (Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <returns>One verdict a rollout, 0..1.</returns>
    /// <exception cref="StageFailureException">In every worker alike.</exception>
    public double[] Judge(IReadOnlyList<(Sample Sample, string Response)> rollouts, CancellationToken cancellationToken)
    {
        if (_workers is null)
            return Ask(rollouts, cancellationToken).Rewards();

        var own = _workers.Together(() => _workers.IsFirst ? Ask(rollouts, cancellationToken).ToText() : "", cancellationToken);
        return RewardVerdict.Of(_workers.Broadcast(own)).Rewards();
    }

    public void Dispose() => _client.Dispose();

    /// <summary>A failure is a result: the other workers wait for it.</summary>
    private RewardVerdict Ask(IReadOnlyList<(Sample Sample, string Response)> rollouts, CancellationToken cancellationToken)
    {
        try
        {
            return RewardVerdict.Of(AskAsync(rollouts, cancellationToken).GetAwaiter().GetResult());
        }
        catch (StageFailureException failure)
        {
            return RewardVerdict.Of(failure);
        }
    }

    private async Task<double[]> AskAsync(IReadOnlyList<(Sample Sample, string Response)> rollouts, CancellationToken cancellationToken)
    {
        var rewards = new double[rollouts.Count];
        var batches = Enumerable.Range(0, (rollouts.Count + _calls.BatchSize - 1) / _calls.BatchSize).Select(batch => batch * _calls.BatchSize);
        await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (from, stop) =>
        {
            var count = Math.Min(_calls.BatchSize, rollouts.Count - from);
            var batch = await BatchAsync([.. Enumerable.Range(from, count).Select(i => rollouts[i])], stop);
            batch.CopyTo(rewards, from);
        });
        return rewards;
    }

    private async Task<double[]> BatchAsync((Sample Sample, string Response)[] rollouts, CancellationToken cancellationToken)
    {
        var request = RewardMessages.Request(_task, rollouts);
        for (var attempt = 0; ; attempt++)
        {
            var (answer, problem, pause) = await PostAsync(request, cancellationToken);
            if (answer is not null)
                return RewardMessages.Read(answer, rollouts, _url);

            if (attempt >= _calls.Retries)
            {
                throw new StageFailureException(ExitCodes.StorageUnavailable, "RewardServiceUnavailable", string.Create(
                    CultureInfo.InvariantCulture, $"rft.reward.service {_url}: {problem}, after {attempt + 1} tries (rft.reward.service.retries is {_calls.Retries}); is it up, and may this pod reach it?"));
            }

            var wait = pause is { } asked && asked > TimeSpan.Zero ? asked : TimeSpan.FromSeconds(Math.Pow(2, attempt));
            wait = wait < s_longestPause ? wait : s_longestPause;
            _log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"rft.reward.service {_url}: {problem}; try {attempt + 2} of {_calls.Retries + 1} in {wait.TotalSeconds:0.#} s"));
            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    /// <returns>The answer's text, or what went wrong in passing and how long the service asks to be left alone.</returns>
    private async Task<(string? Answer, string Problem, TimeSpan? Pause)> PostAsync(byte[] request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(_calls.TimeoutSeconds));
        try
        {
            using var content = new ByteArrayContent(request);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _client.PostAsync(_url, content, limit.Token);
            var said = string.Create(CultureInfo.InvariantCulture, $"answered {(int)response.StatusCode} {response.ReasonPhrase}");
            if (response.StatusCode == HttpStatusCode.OK)
                return (await response.Content.ReadAsStringAsync(limit.Token), "", null);

            if ((int)response.StatusCode is >= 500 or 408 or 425 or 429)
                return (null, said, response.Headers.RetryAfter?.Delta);

            var body = await response.Content.ReadAsStringAsync(limit.Token);
            throw new StageFailureException(ExitCodes.BadSpec, "RewardServiceRefused",
                $"rft.reward.service {_url}: {said}{(body.Length == 0 ? "" : $": {RewardMessages.Shown(body)}")}; expected 200 and {{\"rewards\": […]}}. Check the URL, and {TokenVariable} where it wants a token");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, string.Create(CultureInfo.InvariantCulture, $"no answer within {_calls.TimeoutSeconds} s (rft.reward.service.timeoutSeconds)"), null);
        }
        catch (HttpRequestException failed)
        {
            return (null, failed.InnerException?.Message ?? failed.Message, null);
        }
    }
}

using Azure.Core;
using Azure.Core.Pipeline;

namespace Cpt.Storage;

/// <summary>What the last try of a call met. When time is up the SDK only says "cancelled"; people need to read "connection refused".</summary>
internal sealed class LastFailure
{
    private static readonly AsyncLocal<LastFailure?> s_current = new();

    public string? Text { get; private set; }

    public static IDisposable Watch(LastFailure failure)
    {
        var before = s_current.Value;
        s_current.Value = failure;
        return new Restore(before);
    }

    private sealed class Restore(LastFailure? before) : IDisposable
    {
        public void Dispose() => s_current.Value = before;
    }

    /// <summary>Sits inside the retry loop and remembers each try's failure.</summary>
    internal sealed class Policy : HttpPipelinePolicy
    {
        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            try
            {
                await ProcessNextAsync(message, pipeline).ConfigureAwait(false);
                if (message.Response.Status >= 400) Remember($"it answered {message.Response.Status} {message.Response.ReasonPhrase}");
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                Remember(BlobCalls.FirstLine(error));
                throw;
            }
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => ProcessNext(message, pipeline);

        private static void Remember(string text)
        {
            if (s_current.Value is { } failure) failure.Text = text;
        }
    }
}

using System.Collections.Concurrent;
using Cpt.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using static Cpt.Controllers.Tests.Things;

namespace Cpt.Controllers.Tests;

public sealed class EventRecorderTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly Sink _sink = new();
    private readonly OperatorMetrics _metrics;
    private readonly OperatorSettings _settings;
    private readonly EventRecorder _recorder;
    private readonly CancellationTokenSource _stop = new();

    public EventRecorderTests()
    {
        _settings = new() { Name = "test", Time = _time };
        _metrics = new(_settings);
        _recorder = new(_sink, _settings, _metrics, NullLogger<EventRecorder>.Instance);
    }

    public void Dispose()
    {
        _stop.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task AnEventSaysWhatHappenedToWhomAndWhoSaysSo()
    {
        var running = _recorder.RunAsync(_stop.Token);
        _recorder.Publish(Map("a", 1), EventType.Warning, "BadSpec", "Validate", "spec.x: wrong");
        await Eventually.ThatAsync(() => _sink.Created.Count == 1);
        var item = _sink.Created.Single();
        Assert.Equal(("BadSpec", "Validate", "spec.x: wrong", "Warning", "test"), (item.Reason, item.Action, item.Note, item.Type, item.ReportingController));
        Assert.Equal(("v1", "ConfigMap", "ns", "a", "uid-a"), (item.Regarding!.ApiVersion, item.Regarding.Kind, item.Regarding.Namespace, item.Regarding.Name, item.Regarding.Uid));
        Assert.Equal((_time.GetUtcNow(), "ns"), (item.EventTime!.Value, item.Metadata.Namespace));
        Assert.StartsWith("a.", item.Metadata.Name, StringComparison.Ordinal);
        await StopAsync(running);
    }

    [Fact]
    public async Task TheSameAgainIsCountedOnTheFirst()
    {
        var running = _recorder.RunAsync(_stop.Token);
        for (var i = 0; i < 5; i++)
        {
            _recorder.Publish(Map("a", i), EventType.Normal, "Seen", "Look", "again");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _recorder.Publish(Map("a", 9), EventType.Normal, "Seen", "Look", "another note");
        await Eventually.ThatAsync(() => _sink.Created.Count == 2);
        Assert.Equal([2, 3, 4, 5], _sink.Counts.Select(count => count.Count));
        Assert.All(_sink.Counts, count => Assert.Equal(_sink.Created.First().Metadata.Name, count.Name));
        Assert.Equal(_time.GetUtcNow() - TimeSpan.FromSeconds(1), _sink.Counts.Last().At);
        await StopAsync(running);
    }

    [Fact]
    public async Task ASeriesEndsWhenNothingOfItIsSeenForLong()
    {
        var running = _recorder.RunAsync(_stop.Token);
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "again");
        await Eventually.ThatAsync(() => _sink.Created.Count == 1);
        _time.Advance(TimeSpan.FromMinutes(6));
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "again");
        await Eventually.ThatAsync(() => _sink.Created.Count == 2);
        await StopAsync(running);
    }

    [Fact]
    public async Task AnObjectMayTell25ThingsAtOnceAndThenOneInFiveMinutes()
    {
        var running = _recorder.RunAsync(_stop.Token);
        for (var i = 0; i < 40; i++)
        {
            _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", $"note {i}");
        }

        _recorder.Publish(Map("b", 1), EventType.Normal, "Seen", "Look", "another object");
        await Eventually.ThatAsync(() => _sink.Created.Count == 26 && Dropped("too many of one object") == 15);
        _time.Advance(TimeSpan.FromSeconds(300));
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "x");
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "y");
        await Eventually.ThatAsync(() => _sink.Created.Count == 27 && Dropped("too many of one object") == 16);
        await StopAsync(running);
    }

    [Fact]
    public async Task RepetitionsBeyondThePaceAreCountedAndWrittenAtTheEnd()
    {
        var running = _recorder.RunAsync(_stop.Token);
        for (var i = 0; i < 100; i++)
        {
            _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "again");
        }

        await StopAsync(running);
        Assert.Single(_sink.Created);
        Assert.Equal(25, _sink.Counts.Count); // 24 with the tokens left, and one for all the rest
        Assert.Equal(100, _sink.Counts.Last().Count);
        Assert.Equal(0, Dropped("too many of one object"));
    }

    [Fact]
    public async Task WhatIsQueuedWhenTheProcessStopsIsStillWritten()
    {
        for (var i = 0; i < 20; i++)
        {
            _recorder.Publish(Map("m" + i.ToString(System.Globalization.CultureInfo.InvariantCulture), 1), EventType.Normal, "Seen", "Look", "once");
        }

        await StopAsync(_recorder.RunAsync(_stop.Token));
        Assert.Equal(20, _sink.Created.Count);
    }

    [Fact]
    public async Task AServerThatTakesNothingHoldsUpNeitherControllersNorTheEnd()
    {
        _sink.Answer = cancellation => Task.Delay(Timeout.Infinite, cancellation);
        var running = _recorder.RunAsync(_stop.Token);
        for (var i = 0; i < 20_000; i++)
        {
            _recorder.Publish(Map("m" + i.ToString(System.Globalization.CultureInfo.InvariantCulture), 1), EventType.Normal, "Seen", "Look", "once");
        }

        Assert.InRange(Dropped("queue is full"), 1, 20_000);
        await _stop.CancelAsync();
        await Eventually.ThatAsync(() => _time.NextTimer is not null);
        _time.Advance(TimeSpan.FromSeconds(5));
        await running.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task AnEventThatIsRefusedDoesNotStopTheNext()
    {
        _sink.Answer = _ => _sink.Calls == 1 ? throw new KubernetesException("POST events", new() { Code = 403, Reason = StatusReason.Forbidden }) : Task.CompletedTask;
        var running = _recorder.RunAsync(_stop.Token);
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "refused");
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "taken");
        await Eventually.ThatAsync(() => _sink.Created.Count == 1);
        Assert.Equal("taken", _sink.Created.Single().Note);
        await StopAsync(running);
    }

    [Fact]
    public async Task AnEventThatIsGoneBeginsAnew()
    {
        var running = _recorder.RunAsync(_stop.Token);
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "again");
        await Eventually.ThatAsync(() => _sink.Created.Count == 1);
        _sink.Answer = _ => throw new KubernetesException("PATCH events", new() { Code = 404, Reason = StatusReason.NotFound });
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "again");
        await Eventually.ThatAsync(() => Dropped("refused") == 1);
        _sink.Answer = _ => Task.CompletedTask;
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", "again");
        await Eventually.ThatAsync(() => _sink.Created.Count == 2);
        await StopAsync(running);
    }

    [Theory]
    [InlineData('x', 1024)]
    [InlineData('é', 1024)]
    [InlineData('€', 1024)]
    public async Task ALongNoteIsCutWhereACharacterEnds(char character, int limit)
    {
        var running = _recorder.RunAsync(_stop.Token);
        _recorder.Publish(Map("a", 1), EventType.Normal, "Seen", "Look", new string(character, 2000));
        await Eventually.ThatAsync(() => _sink.Created.Count == 1);
        var note = _sink.Created.Single().Note!;
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(note), limit - 5, limit);
        Assert.EndsWith(character + "…", note, StringComparison.Ordinal);
        await StopAsync(running);
    }

    private async Task StopAsync(Task running)
    {
        await _stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private long Dropped(string why)
    {
        var start = $"cpt_controllers_events_dropped_total{{why=\"{why}\"}} ";
        var line = _metrics.Render().Split('\n').FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[start.Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class Sink : IEventSink
    {
        private int _calls;

        public ConcurrentQueue<Event> Created { get; } = new();

        public ConcurrentQueue<(string Name, int Count, DateTimeOffset At)> Counts { get; } = new();

        public Func<CancellationToken, Task> Answer { get; set; } = _ => Task.CompletedTask;

        public int Calls => _calls;

        public async Task CreateAsync(Event item, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _calls);
            await Answer(cancellation);
            Created.Enqueue(item);
        }

        public async Task CountAsync(Event item, int count, DateTimeOffset last, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _calls);
            await Answer(cancellation);
            Counts.Enqueue((item.Metadata.Name!, count, last));
        }
    }
}

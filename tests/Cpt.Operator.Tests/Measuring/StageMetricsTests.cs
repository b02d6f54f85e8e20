using System.Diagnostics.Metrics;
using Cpt.Api;
using Cpt.Operator.Measuring;
using Cpt.Planning;

namespace Cpt.Operator.Tests.Measuring;

public sealed class StageMetricsTests : IDisposable
{
    private readonly StageMetrics _metrics = new("test");
    private readonly MeterListener _listener = new();
    private readonly List<(string Name, double Value, string Tags)> _seen = [];

    public StageMetricsTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, _metrics.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void AStagesTimeRunsFromItsFirstAttemptToItsEnd()
    {
        _metrics.Finished(new StageStatus { Name = "parity", Method = Method.RFT, State = StageState.Failed, StartedAt = A.Morning, FinishedAt = A.Morning.AddMinutes(2) });
        _metrics.Finished(new StageStatus { Name = "parity", Method = Method.RFT, State = StageState.Failed, FinishedAt = A.Morning });

        Assert.Equal([("cpt_stage_duration_seconds", 120, "method=RFT,result=Failed")], _seen);
    }

    [Fact]
    public void GpuTimeIsTheTrainersTimeTimesItsGpus()
    {
        var job = new ObservedJob { Name = "j", Stage = "parity", StageHash = "h", Attempt = 1, Phase = JobPhase.Failed, StartedAt = A.Morning, FinishedAt = A.Morning.AddSeconds(30) };
        _metrics.Ended("ml", 16, job);
        _metrics.Ended("ml", 0, job);
        _metrics.Ended("ml", 8, job with { StartedAt = null });

        Assert.Equal([("cpt_gpu_seconds_total", 480, "namespace=ml")], _seen);
    }

    [Fact]
    public void CountersThatNameNothingAreThereBeforeTheirFirstEvent()
    {
        _listener.RecordObservableInstruments();
        Assert.Equal([("cpt_stage_preemptions_total", 0, ""), ("cpt_stage_reused_total", 0, "")], _seen.Where(one => one.Name.EndsWith("_total", StringComparison.Ordinal)));
        _seen.Clear();

        _metrics.Preempted(2);
        _metrics.Reused();
        _listener.RecordObservableInstruments();

        Assert.Equal([("cpt_stage_preemptions_total", 2, ""), ("cpt_stage_reused_total", 1, "")], _seen.Where(one => one.Name.EndsWith("_total", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("NonFiniteLoss", "reason=NonFiniteLoss")]
    [InlineData("something a trainer said", "reason=Other")]
    [InlineData("AWordThatIsMuchTooLongToBeAReasonForAnything", "reason=Other")]
    [InlineData(null, "reason=Other")]
    public void AReasonIsAWordOrOther(string? reason, string label)
    {
        _metrics.Retried(reason, 1);

        Assert.Equal(label, Assert.Single(_seen).Tags);
    }

    [Fact]
    public void NoTrainerCanInventLabelsWithoutEnd()
    {
        for (var i = 0; i < 1000; i++)
        {
            _metrics.Retried($"Reason{i}", 1);
        }

        Assert.Equal(51, _seen.Select(one => one.Tags).Distinct(StringComparer.Ordinal).Count());
    }

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _seen.Add((instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
}

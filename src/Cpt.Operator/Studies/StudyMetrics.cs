using System.Diagnostics.Metrics;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.Runs;

namespace Cpt.Operator.Studies;

/// <summary>How many studies stand how; only those that this process has looked after, as for runs.</summary>
internal sealed class StudyMetrics
{
    public StudyMetrics(Meter meter, IInformerCache<StudyObject> studies, StudyMemories memories) => meter.CreateObservableGauge(
        "cpt_studies",
        () => studies.List().Where(memories.Knows)
            .GroupBy(study => study.Status.Value?.Reason is { Length: > 0 } reason ? reason : StudyReasons.Running, StringComparer.Ordinal)
            .Select(group => new Measurement<long>(group.LongCount(), new KeyValuePair<string, object?>("reason", group.Key))),
        null,
        "Studies by the reason of their condition Succeeded.");
}

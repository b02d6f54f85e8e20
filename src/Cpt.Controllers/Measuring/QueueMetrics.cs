namespace Cpt.Controllers;

/// <summary>What one queue reports.</summary>
internal sealed class QueueMetrics(OperatorMetrics metrics, string name)
{
    private readonly KeyValuePair<string, object?> _name = new("name", name);
    private readonly KeyValuePair<string, object?> _controller = new("controller", name);

    public void Observe(WorkQueue queue)
    {
        metrics.Observe(queue, _name, _controller);
        // From the start, so that rate() sees the first one.
        metrics.Adds.Add(0, _name, _controller);
        metrics.Retries.Add(0, _name, _controller);
    }

    public void Added() => metrics.Adds.Add(1, _name, _controller);

    public void Delayed() => metrics.Retries.Add(1, _name, _controller);

    public void Taken(TimeSpan waited) => metrics.QueueDuration.Record(waited.TotalSeconds, _name, _controller);

    public void Done(TimeSpan worked) => metrics.WorkDuration.Record(worked.TotalSeconds, _name, _controller);
}

namespace Cpt.Controllers;

/// <summary>What one controller reports.</summary>
internal sealed class ControllerMetrics
{
    private readonly OperatorMetrics _metrics;
    private readonly KeyValuePair<string, object?> _controller;

    public ControllerMetrics(OperatorMetrics metrics, string name, int workers)
    {
        (_metrics, _controller) = (metrics, new("controller", name));
        _metrics.MaxConcurrentReconciles.Record(workers, _controller);
        _metrics.ActiveWorkers.Add(0, _controller);
        // From the start, so that rate() sees the first one.
        foreach (var result in (string[])[ReconcileResult.Success, ReconcileResult.Error, ReconcileResult.Requeue, ReconcileResult.RequeueAfter])
        {
            _metrics.Reconciles.Add(0, _controller, new("result", result));
        }

        _metrics.Errors.Add(0, _controller);
        _metrics.TerminalErrors.Add(0, _controller);
        _metrics.Panics.Add(0, _controller);
    }

    public void Started() => _metrics.ActiveWorkers.Add(1, _controller);

    public void Ended(TimeSpan took)
    {
        _metrics.ActiveWorkers.Add(-1, _controller);
        _metrics.ReconcileTime.Record(took.TotalSeconds, _controller);
    }

    public void Threw() => _metrics.Panics.Add(1, _controller);

    public void Result(string result, bool isTerminal = false)
    {
        _metrics.Reconciles.Add(1, _controller, new("result", result));
        if (result == ReconcileResult.Error)
        {
            _metrics.Errors.Add(1, _controller);
        }

        if (isTerminal)
        {
            _metrics.TerminalErrors.Add(1, _controller);
        }
    }
}

/// <summary>controller-runtime's words for how a reconcile ended.</summary>
internal static class ReconcileResult
{
    public const string Success = "success";
    public const string Error = "error";
    public const string Requeue = "requeue";
    public const string RequeueAfter = "requeue_after";
}

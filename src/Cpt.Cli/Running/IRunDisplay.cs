using Cpt.Api;
using Cpt.Cli.Status;

namespace Cpt.Cli.Running;

/// <summary>Whoever watches a run. Called from several threads, one event at a time.</summary>
internal interface IRunDisplay : IAsyncDisposable
{
    /// <summary>Before anything else.</summary>
    void Begin(ContinualRun run, WorkDirectory work);

    void Show(RunnerEvent what);

    /// <summary>After everything else; <paramref name="next"/> are lines on what to try now.</summary>
    void End(StatusDocument status, IReadOnlyList<string> next);
}

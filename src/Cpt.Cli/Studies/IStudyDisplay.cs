using Cpt.Cli.Running;

namespace Cpt.Cli.Studies;

/// <summary>Whoever watches a study. Called from several threads, one event at a time.</summary>
internal interface IStudyDisplay : IAsyncDisposable
{
    /// <summary>Before anything else.</summary>
    void Begin(StudySource source, StudyDirectory place, int concurrency, int threads);

    /// <summary>With <see cref="RunnerEvent.Run"/>; a run begins with event <c>run</c> and ends with <c>finished</c>.</summary>
    void Show(RunnerEvent what);

    /// <summary>After everything else; <paramref name="next"/> are lines on what to try now.</summary>
    void End(StudyResults results, IReadOnlyList<string> next);
}

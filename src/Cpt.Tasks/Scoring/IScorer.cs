namespace Cpt.Tasks;

/// <summary>Judges one response. Scorers have no state and are used from several threads.</summary>
public interface IScorer
{
    /// <returns>0 (wrong) to 1 (right).</returns>
    double Score(Sample sample, string response);

    /// <summary>Why this scorer could never judge the sample, naming the field; null when it can. Asked when a task is read.</summary>
    string? Problem(Sample sample);
}

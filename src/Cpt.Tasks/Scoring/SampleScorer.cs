namespace Cpt.Tasks;

/// <summary>Judges every sample by its own scorer where it names one.</summary>
/// <param name="otherwise">Judges those that name none.</param>
internal sealed class SampleScorer(IScorer otherwise) : IScorer
{
    public double Score(Sample sample, string response) => Of(sample).Score(sample, response);

    public string? Problem(Sample sample) => Of(sample).Problem(sample);

    private IScorer Of(Sample sample) => sample.Scorer is { } own ? Scorers.Get(own) : otherwise;
}

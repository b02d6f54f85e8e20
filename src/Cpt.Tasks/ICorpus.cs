namespace Cpt.Tasks;

/// <param name="Prompt">For example <c>P123=</c>; not trained on.</param>
/// <param name="Answer">For example <c>101</c>.</param>
public readonly record struct Demonstration(string Prompt, string Answer)
{
    /// <summary>Shown before the prompt; null for none.</summary>
    public Picture? Picture { get; init; }
}

/// <summary>What a small base model is pretrained on: an endless stream.</summary>
public interface ICorpus
{
    /// <summary>Demonstrations in a batch.</summary>
    int BatchSize { get; }

    /// <summary>URIs of tasks that show what was learned, without options.</summary>
    IReadOnlyList<string> Tasks { get; }

    /// <summary>The batch of a step: a function of seed and step alone, so a pretraining that stops goes on without a saved state.</summary>
    IReadOnlyList<Demonstration> Batch(long step);
}

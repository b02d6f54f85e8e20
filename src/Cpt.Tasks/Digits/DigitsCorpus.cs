namespace Cpt.Tasks;

/// <summary>
/// What the small base model is pretrained on: an endless stream over all seven digits tasks. Demonstrations of the general skills
/// are right. Of the new tasks' answers each digit is right with probability <see cref="ValidProbability"/>, drawn evenly from the
/// right ones (else evenly from the wrong ones): the base model half knows them, 0.75³ ≈ 0.42, and has seen every right answer.
/// </summary>
public sealed class DigitsCorpus : ICorpus
{
    private readonly ulong _seed;
    private readonly int _perTask;

    /// <param name="seed">Two corpora of the same seed are equal.</param>
    /// <param name="perTask">Demonstrations of each task in a batch.</param>
    /// <param name="validProbability">0..1.</param>
    public DigitsCorpus(ulong seed, int perTask = 32, double validProbability = 0.75)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perTask);
        ArgumentOutOfRangeException.ThrowIfNegative(validProbability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validProbability, 1);
        (_seed, _perTask, ValidProbability) = (seed, perTask, validProbability);
    }

    /// <summary>Chance of each digit of a new task's demonstration to be right.</summary>
    public double ValidProbability { get; }

    /// <inheritdoc />
    public int BatchSize => _perTask * DigitTask.All.Count;

    /// <inheritdoc />
    public IReadOnlyList<string> Tasks { get; } = [.. DigitTask.All.Select(task => $"{GeneratedTaskUri.Scheme}{DigitsSuite.Name}/{task.Name}")];

    /// <inheritdoc />
    public IReadOnlyList<Demonstration> Batch(long step)
    {
        var random = new SplitMix64(_seed, (ulong)step);
        var batch = new List<Demonstration>(BatchSize);
        for (var row = 0; row < _perTask; row++)
        {
            foreach (var task in DigitTask.All)
            {
                var input = random.Next(DigitTask.Inputs);
                batch.Add(new Demonstration(task.Prompt(input), task.IsGeneral ? task.Canonical(input) : HalfKnown(task, input, random)));
            }
        }

        return batch;
    }

    private string HalfKnown(DigitTask task, int input, SplitMix64 random) => string.Concat(task.ValidDigits(input)
        .Select(valid => random.NextDouble() < ValidProbability ? random.Pick(valid) : random.Pick([.. Enumerable.Range(0, 10).Except(valid)])));
}

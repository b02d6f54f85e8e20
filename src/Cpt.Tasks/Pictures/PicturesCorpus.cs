namespace Cpt.Tasks;

/// <summary>
/// What the small base model with images is pretrained on: the number that is printed, how many shapes there are, the colour of one. An answer is
/// right with probability <see cref="ValidProbability"/>, else it is the answer to some other picture: the base model half knows these tasks. It is
/// never asked for sums, which a stage can teach.
/// </summary>
public sealed class PicturesCorpus : ICorpus
{
    private static readonly PictureTask[] s_tasks = [NumeralsSuite.Tasks[0], .. ShapesSuite.Tasks];

    /// <summary>Far from the pictures of both splits of a suite's task.</summary>
    private const long First = 1L << 48;

    private readonly ulong _seed;
    private readonly int _perTask;

    /// <param name="seed">Two corpora of the same seed are equal.</param>
    /// <param name="perTask">Demonstrations of each task in a batch.</param>
    /// <param name="validProbability">0..1.</param>
    public PicturesCorpus(ulong seed, int perTask = 32, double validProbability = 0.5)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perTask);
        ArgumentOutOfRangeException.ThrowIfNegative(validProbability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validProbability, 1);
        (_seed, _perTask, ValidProbability) = (seed, perTask, validProbability);
    }

    /// <summary>Chance of an answer to be right.</summary>
    public double ValidProbability { get; }

    /// <inheritdoc />
    public int BatchSize => _perTask * s_tasks.Length;

    /// <inheritdoc />
    public IReadOnlyList<string> Tasks { get; } = [.. NumeralsSuite.Tasks.Concat(ShapesSuite.Tasks).Select(task => $"{GeneratedTaskUri.Scheme}{task.Suite}/{task.Name}")];

    /// <inheritdoc />
    public IReadOnlyList<Demonstration> Batch(long step)
    {
        var random = new SplitMix64(_seed, (ulong)step);
        var batch = new List<Demonstration>(BatchSize);
        for (var row = 0; row < _perTask; row++)
        {
            foreach (var task in s_tasks)
            {
                var index = First + (((step * _perTask) + row) * 2);
                var question = task.Of(_seed, index);
                var answers = random.NextDouble() < ValidProbability ? question.Answers : task.Of(_seed, index + 1).Answers;
                batch.Add(new Demonstration(task.Question, random.Pick(answers)) { Picture = question.Picture });
            }
        }

        return batch;
    }
}

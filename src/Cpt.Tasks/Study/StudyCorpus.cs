namespace Cpt.Tasks;

/// <summary>
/// What a small base model of an image study is pretrained on: all tasks of <see cref="StudySuite"/>. Demonstrations of the general skills are right. Of the seven tasks an answer is right with
/// probability <see cref="ValidProbability"/>, else it is the answer to some other picture: the base model half knows what the stages will teach, and a reward finds something to reward.
/// </summary>
public sealed class StudyCorpus : ICorpus
{
    private static readonly PictureTask[] s_tasks = [.. StudySuite.Tasks, StudySuite.General];

    /// <summary>Far from the pictures of both splits of a suite's task.</summary>
    private const long First = 1L << 48;

    private readonly ulong _seed;
    private readonly int _perTask;

    /// <param name="seed">Two corpora of the same seed are equal.</param>
    /// <param name="perTask">Demonstrations of each task in a batch.</param>
    /// <param name="validProbability">0..1.</param>
    public StudyCorpus(ulong seed, int perTask = 16, double validProbability = 0.6)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perTask);
        ArgumentOutOfRangeException.ThrowIfNegative(validProbability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validProbability, 1);
        (_seed, _perTask, ValidProbability) = (seed, perTask, validProbability);
    }

    /// <summary>Chance of an answer to one of the seven tasks to be right.</summary>
    public double ValidProbability { get; }

    /// <inheritdoc />
    public int BatchSize => _perTask * s_tasks.Length;

    /// <inheritdoc />
    public IReadOnlyList<string> Tasks { get; } = [.. s_tasks.Select(task => $"{GeneratedTaskUri.Scheme}{task.Suite}/{task.Name}")];

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
                var right = random.NextDouble() < ValidProbability || task == StudySuite.General;
                batch.Add(new Demonstration(question.Question!, (right ? question : task.Of(_seed, index + 1)).Answers[0]) { Picture = question.Picture });
            }
        }

        return batch;
    }
}

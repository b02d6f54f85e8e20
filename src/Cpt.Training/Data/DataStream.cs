namespace Cpt.Training;

/// <summary>
/// Which sample stands at which position of a stage's endless training stream. A stage's tasks are mixed in proportion to their sizes: an epoch has every sample of all of them once.
/// With a replay a fixed share of the positions belongs to earlier tasks, which take turns. A function of (seed, position): a resumed stage draws what an undisturbed one draws.
/// </summary>
internal sealed class DataStream
{
    private readonly IReadOnlyList<TaskSource> _own;
    private readonly IReadOnlyList<TaskSource> _replayed;
    private readonly DataOrder[] _ownOrders;
    private readonly DataOrder[] _replayOrders;
    private readonly (int Task, int Nth)[]? _mix;
    private readonly ReplayShare _share;

    /// <param name="own">The stage's tasks, at least one.</param>
    /// <param name="replayed">Earlier stages' tasks; empty for none.</param>
    /// <param name="percentage">Share of the replayed.</param>
    /// <param name="seed">Of the stage.</param>
    public DataStream(IReadOnlyList<TaskSource> own, IReadOnlyList<TaskSource> replayed, int percentage, long seed)
    {
        _own = own;
        _replayed = replayed;
        _share = new ReplayShare(replayed.Count == 0 ? 0 : percentage);
        // The first lane is the one a stage of one task has always had.
        _ownOrders = [.. own.Select((source, lane) => new DataOrder(source.Task.Train.Count, seed, lane: lane))];
        // Stages of one run share its seed. How many tasks are replayed tells them apart: a later stage replays other samples of a task than the one before.
        _replayOrders = [.. replayed.Select((source, lane) => new DataOrder(source.Task.Train.Count, seed, Seeds.Purpose.Replay, ((long)replayed.Count << 32) + lane))];
        _mix = own.Count > 1 ? Mix([.. own.Select(source => source.Task.Train.Count)]) : null;
    }

    /// <summary>Samples of the stage's tasks: one epoch, replayed ones not counted.</summary>
    public int Count => _own.Sum(source => source.Task.Train.Count);

    public ReplayShare Share => _share;

    /// <summary>The stage's own tasks.</summary>
    public IReadOnlyList<TaskSource> Sources => _own;

    /// <summary>Everything that can be drawn.</summary>
    public IEnumerable<DrawnSample> All => _own.Concat(_replayed).SelectMany(source => source.Task.Train.Select((sample, index) => new DrawnSample(source, sample) { Index = index }));

    public DrawnSample At(long position)
    {
        var before = _share.Before(position);
        if (_share.Is(position))
        {
            var (turn, task) = Math.DivRem(before, _replayed.Count);
            return Drawn(_replayed[(int)task], _replayOrders[(int)task].At(turn));
        }

        return Own(position - before);
    }

    /// <summary>The samples at <paramref name="start"/> … <paramref name="start"/> + <paramref name="count"/> − 1.</summary>
    public DrawnSample[] Take(long start, int count)
    {
        var taken = new DrawnSample[count];
        for (var i = 0; i < count; i++) taken[i] = At(start + i);
        return taken;
    }

    /// <summary>The first samples of the stage's own tasks.</summary>
    public DrawnSample[] TakeOwn(int count) => [.. Enumerable.Range(0, count).Select(nth => Own(nth))];

    private DrawnSample Own(long nth)
    {
        if (_mix is null) return Drawn(_own[0], _ownOrders[0].At(nth));
        var (epoch, place) = Math.DivRem(nth, _mix.Length);
        var (task, within) = _mix[place];
        return Drawn(_own[task], _ownOrders[task].At((epoch * _own[task].Task.Train.Count) + within));
    }

    private static DrawnSample Drawn(TaskSource source, int index) => new(source, source.Task.Train[index]) { Index = index };

    /// <summary>
    /// Whose turn it is at each place of an epoch. The j-th of n samples of a task stands at (j + ½)/n of the epoch, so every stretch has of each task its part, to within one sample.
    /// </summary>
    private static (int Task, int Nth)[] Mix(int[] sizes)
    {
        var turns = sizes.SelectMany((size, task) => Enumerable.Range(0, size).Select(nth => (Task: task, Nth: nth))).ToArray();
        Array.Sort(turns, (left, right) =>
        {
            // (2j + 1)/2n compared without rounding; of two at one place the earlier task is first.
            var order = (((2L * left.Nth) + 1) * sizes[right.Task]).CompareTo(((2L * right.Nth) + 1) * sizes[left.Task]);
            return order != 0 ? order : left.Task.CompareTo(right.Task);
        });
        return turns;
    }
}

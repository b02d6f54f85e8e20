namespace Cpt.Cli.Studies;

/// <summary>
/// Who writes what in storage right now. Closes the race between two runs that want the same stage (an equal prefix of two variants) or the same base model's scores: both would find
/// nothing committed, and both would train it.
/// </summary>
internal sealed class StageClaims
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _holders = new(StringComparer.Ordinal);
    private TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All of them, or none.</summary>
    /// <param name="run">Who asks; what it has already stays its own.</param>
    /// <param name="names">What it would write.</param>
    /// <param name="holder">Who has one of them, if anybody.</param>
    /// <param name="released">Completes when anything is given back.</param>
    public bool TryTake(string run, IReadOnlyCollection<string> names, out string? holder, out Task released)
    {
        lock (_gate)
        {
            holder = names.Select(name => _holders.GetValueOrDefault(name)).FirstOrDefault(other => other is not null && other != run);
            released = _released.Task;
            if (holder is not null)
            {
                return false;
            }

            foreach (var name in names)
            {
                _holders[name] = run;
            }

            return true;
        }
    }

    /// <summary>Whether anybody else has one of them.</summary>
    public bool IsTaken(string run, IReadOnlyCollection<string> names, out Task released)
    {
        lock (_gate)
        {
            released = _released.Task;
            return names.Any(name => _holders.TryGetValue(name, out var holder) && holder != run);
        }
    }

    /// <summary>Gives back what the run has taken.</summary>
    /// <param name="run">Whose.</param>
    /// <param name="which">Null: everything.</param>
    public void Release(string run, Func<string, bool>? which = null)
    {
        TaskCompletionSource released;
        lock (_gate)
        {
            var mine = _holders.Where(entry => entry.Value == run && (which is null || which(entry.Key))).Select(entry => entry.Key).ToList();
            if (mine.Count == 0)
            {
                return;
            }

            mine.ForEach(name => _holders.Remove(name));
            released = _released;
            _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        released.SetResult();
    }
}

namespace Cpt.Tasks;

/// <summary>A task was read and is wrong. The message names file and line, or the URI, and what would be right.</summary>
public sealed class TaskDataException : Exception
{
    public TaskDataException(string message, Exception? innerException = null)
        : this([message], noSamples: false, innerException)
    {
    }

    internal TaskDataException(IReadOnlyList<string> errors, bool noSamples = false, Exception? innerException = null)
        : base(errors.Count == 1 ? errors[0] : $"{errors[0]} (and {errors.Count - 1} more)", innerException)
    {
        Errors = errors;
        NoSamples = noSamples;
    }

    /// <summary>Everything that was found, first first; at least one, at most <see cref="MaxErrors"/>.</summary>
    public IReadOnlyList<string> Errors { get; }

    /// <summary>A split has no line at all; reason <c>NoValidSamples</c> of a failed stage.</summary>
    public bool NoSamples { get; }

    internal const int MaxErrors = 20;
}

/// <summary>A task's directory or one of its files does not exist.</summary>
public sealed class TaskNotFoundException(string message, Exception? innerException = null) : Exception(message, innerException);

namespace Cpt.Models;

/// <summary>A model file was read and is not what it must be. The message names the file, the part, what was expected and what was found.</summary>
public sealed class ModelFormatException : Exception
{
    /// <param name="file">Path of the file that is wrong.</param>
    /// <param name="problem">What was expected and what was found.</param>
    /// <param name="innerException">What raised it, if anything did.</param>
    public ModelFormatException(string file, string problem, Exception? innerException = null)
        : base($"{file}: {problem}", innerException) => File = file;

    public string File { get; }
}

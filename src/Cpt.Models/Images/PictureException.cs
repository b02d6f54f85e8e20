namespace Cpt.Models;

/// <summary>A picture cannot be used: it is damaged, too large, or of a kind that is not read. The message says what was found and what would be right.</summary>
public sealed class PictureException : Exception
{
    public PictureException(string problem, Exception? innerException = null)
        : base(problem, innerException)
    {
    }
}

/// <summary>The library that decodes pictures is not on this machine. Only tasks with picture files need it.</summary>
public sealed class PictureLibraryException(string message, Exception? innerException = null) : Exception(message, innerException);

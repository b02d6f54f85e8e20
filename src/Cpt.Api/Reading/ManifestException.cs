using System.Globalization;

namespace Cpt.Api;

/// <summary>One thing that is wrong with a manifest.</summary>
/// <param name="Path">The field, for example <c>spec.stages[2].rft.groupSize</c>; empty for the document as a whole.</param>
/// <param name="Message">The wrong value, and what would be right.</param>
/// <param name="Line">1-based line in the manifest; 0 where it is not known.</param>
/// <param name="Column">1-based; 0 where it is not known.</param>
public sealed record FieldError(string Path, string Message, int Line = 0, int Column = 0)
{
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}

/// <summary>A manifest cannot be used. Everything that is wrong with it, not only the first thing.</summary>
public sealed class ManifestException : Exception
{
    public ManifestException(string source, IReadOnlyList<FieldError> errors)
        : base(string.Join('\n', errors.Select(error => Describe(source, error))))
    {
        Source = source;
        Errors = errors;
    }

    /// <summary>In order of appearance.</summary>
    public IReadOnlyList<FieldError> Errors { get; }

    private static string Describe(string source, FieldError error) => error.Line == 0
        ? $"{source}: {error}"
        : string.Create(CultureInfo.InvariantCulture, $"{source}:{error.Line}:{error.Column}: {error}");
}

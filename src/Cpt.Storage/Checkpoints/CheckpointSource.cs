using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>A local file that goes into a checkpoint.</summary>
/// <param name="Path">Its name in the checkpoint: relative, forward slashes.</param>
/// <param name="LocalPath">Where it lies now; must not change while it is committed.</param>
/// <param name="Role">Model, state or artifact.</param>
public sealed record CheckpointSource(string Path, string LocalPath, FileRole Role)
{
    /// <summary>Every file under a directory, with one role.</summary>
    public static IReadOnlyList<CheckpointSource> Directory(string directory, FileRole role) =>
    [
        .. System.IO.Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(file => new CheckpointSource(System.IO.Path.GetRelativePath(directory, file), file, role))
            .OrderBy(file => file.Path, StringComparer.Ordinal),
    ];

    /// <summary>The files of a Hugging Face directory that belong to the model (<see cref="ModelFiles"/>).</summary>
    public static IReadOnlyList<CheckpointSource> Model(string directory) =>
        [.. ModelFiles.In(directory).Select(name => new CheckpointSource(name, System.IO.Path.Combine(directory, name), FileRole.Model))];
}

/// <param name="Bytes">Moved so far.</param>
/// <param name="TotalBytes">To move.</param>
/// <param name="Path">The file at work.</param>
public sealed record TransferProgress(long Bytes, long TotalBytes, string Path);

namespace Cpt.Tasks;

/// <summary>Writes tasks in the form that <see cref="TaskLoader"/> reads. A directory appears whole or not at all.</summary>
public static class TaskWriter
{
    /// <summary>Writes one task. Images are copied along.</summary>
    /// <param name="directory">Must not exist, or be empty; with <paramref name="replace"/> it may also be a task's directory.</param>
    /// <exception cref="IOException">The directory is taken, or cannot be written.</exception>
    public static void Write(string directory, TaskData task, bool replace = false)
    {
        var target = Path.GetFullPath(directory);
        if (IsTaken(target) && !(replace && File.Exists(Path.Combine(target, TaskFiles.Definition))))
            throw new IOException($"{target} exists and is not empty" + (replace ? $"; it has no {TaskFiles.Definition}, so it is not replaced" : ""));

        Place(target, staging => Fill(staging, task));
    }

    /// <summary>
    /// Writes several tasks, each into a directory of its name, and all of them or none where <paramref name="directory"/> is new or empty.
    /// With <paramref name="replace"/> they are replaced one by one and everything else in the directory stays.
    /// </summary>
    public static void WriteAll(string directory, IReadOnlyList<TaskData> tasks, bool replace = false)
    {
        var target = Path.GetFullPath(directory);
        if (!IsTaken(target))
        {
            Place(target, staging =>
            {
                foreach (var task in tasks)
                    Fill(Path.Combine(staging, task.Name), task);
            });
            return;
        }

        if (!replace)
            throw new IOException($"{target} exists and is not empty");

        foreach (var task in tasks)
            Write(Path.Combine(target, task.Name), task, replace: true);
    }

    /// <summary>Writes a task whose images come from elsewhere, one by one, and reads it as a stage will before it takes its place.</summary>
    /// <param name="directory">As of <see cref="Write"/>.</param>
    /// <param name="definition">What it is.</param>
    /// <param name="make">Puts the images below the directory that it is given, and returns both splits.</param>
    /// <param name="replace">As of <see cref="Write"/>.</param>
    /// <exception cref="TaskDataException">What was made is no valid task.</exception>
    /// <exception cref="IOException">The directory is taken, or cannot be written.</exception>
    public static TaskData Build(string directory, TaskDefinition definition, Func<string, (IReadOnlyList<Sample> Train, IReadOnlyList<Sample> Eval)> make, bool replace = false)
    {
        var target = Path.GetFullPath(directory);
        if (IsTaken(target) && !(replace && File.Exists(Path.Combine(target, TaskFiles.Definition))))
            throw new IOException($"{target} exists and is not empty" + (replace ? $"; it has no {TaskFiles.Definition}, so it is not replaced" : "; give another --output, or --force to replace the task in it"));

        TaskData? task = null;
        Place(target, staging =>
        {
            var (train, eval) = make(staging);
            foreach (var (path, content) in TaskFiles.Of(definition, train, eval))
                File.WriteAllBytes(Path.Combine(staging, path), content);
            task = TaskLoader.LoadDirectory(staging);
        });
        return task! with { Directory = target };
    }

    private static bool IsTaken(string path) =>
        File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any());

    /// <summary>Fills a directory beside the target and renames it: a reader, or a crash, never meets half a task.</summary>
    private static void Place(string target, Action<string> fill)
    {
        var parent = Path.GetDirectoryName(target) ?? throw new IOException($"{target} cannot be replaced");
        Directory.CreateDirectory(parent);
        var suffix = Guid.NewGuid().ToString("N")[..8];
        var staging = Path.Combine(parent, $".{Path.GetFileName(target)}.new-{suffix}");
        var old = Path.Combine(parent, $".{Path.GetFileName(target)}.old-{suffix}");
        try
        {
            Directory.CreateDirectory(staging);
            fill(staging);
            if (Directory.Exists(target))
                Directory.Move(target, old);
            Directory.Move(staging, target);
        }
        catch
        {
            if (Directory.Exists(old) && !Directory.Exists(target))
                Directory.Move(old, target);
            throw;
        }
        finally
        {
            foreach (var left in new[] { staging, old }.Where(Directory.Exists))
                Directory.Delete(left, recursive: true);
        }
    }

    private static void Fill(string directory, TaskData task)
    {
        Directory.CreateDirectory(directory);
        foreach (var (path, content) in TaskFiles.Of(task.Definition, task.Train, task.Eval))
            File.WriteAllBytes(Path.Combine(directory, path), content);

        foreach (var image in task.Train.Concat(task.Eval).SelectMany(sample => sample.Images).Distinct(StringComparer.Ordinal))
        {
            var copy = Path.Combine(directory, image);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllBytes(copy, task.ImageFile(image));
        }
    }
}

namespace Cpt.Cli.Running;

/// <summary>
/// A log that is written as long as it can be. A full disk must not stop anybody from reading on: a trainer whose pipe nobody empties never ends.
/// </summary>
internal sealed class LineLog(string path) : IDisposable
{
    private StreamWriter? _writer;
    private bool _broken;

    public void Write(string line)
    {
        if (_broken)
        {
            return;
        }

        try
        {
            _writer ??= new StreamWriter(path, append: true) { AutoFlush = true };
            _writer.WriteLine(line);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _broken = true;
        }
    }

    public void Dispose()
    {
        try
        {
            _writer?.Dispose();
        }
        catch (IOException)
        {
            // What is left in its buffer does not fit either.
        }
    }
}

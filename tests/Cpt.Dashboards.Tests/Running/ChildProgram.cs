using System.Diagnostics;
using System.Text;

namespace Cpt.Dashboards.Tests.Running;

/// <summary>One of our programs as a process, from its own output folder.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private ChildProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <param name="room">The project.</param>
    /// <param name="program">Its program's name.</param>
    /// <param name="environment">Added to this process' own.</param>
    /// <param name="arguments">As on a command line.</param>
    public static ChildProgram Start(string room, string program, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [PathOf(room, program), .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new(Process.Start(start)!);
    }

    public static string PathOf(string room, string program) =>
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", room, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), program + ".dll"));

    /// <summary>Fails with what it said when it has ended.</summary>
    public void MustLive() => Assert.False(_process.HasExited, Said);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_said)
        {
            _said.Append(line.Data).Append('\n');
        }
    }
}

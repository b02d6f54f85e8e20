using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Operator.Jobs;

namespace Cpt.Operator.Tests.Jobs;

/// <summary>
/// One pod of a Job as a process: what its container would run, with what it would see. Only what a pod has for itself and two processes of one machine share is put in place
/// of it: directories, the name that the cluster's DNS answers, and the port.
/// </summary>
internal sealed class PodProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);
    private static readonly string s_port = Ports.Free();

    private readonly Process _process;
    private readonly string _directory;
    private readonly StringBuilder _log = new();
    private readonly Task _reading;

    private PodProcess(Process process, string directory)
    {
        (_process, _directory) = (process, directory);
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public static string Bundle => Path.Combine(Path.GetDirectoryName(Executable)!, "bundle");

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    private static string Executable { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Cpt.Trainer", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "cpt-trainer"));

    public static PodProcess Start(string root, Job job, int index)
    {
        var template = job.Spec.Template;
        var trainer = template.Spec.Containers.Single(container => container.Name == TrainerPod.Container);
        var directory = Directory.CreateDirectory(Path.Combine(root, $"pod-{index.ToString(CultureInfo.InvariantCulture)}")).FullName;
        // "/cpt/stage.json", "/work", "/dev/termination-log" are the pod's own; volumes are shared.
        string Place(string path) => path == TrainerPod.VolumesDirectory ? Path.Combine(root, "volumes") : path.StartsWith('/') ? directory + path : path;
        foreach (var own in new[] { "cpt", "work", "dev" })
        {
            Directory.CreateDirectory(Path.Combine(directory, own));
        }

        Directory.CreateDirectory(Path.Combine(root, "volumes", "checkpoints"));
        File.WriteAllText(Place($"{TrainerPod.StageDirectory}/stage.json"), template.Metadata!.Annotations![TrainerPod.StageAnnotation]);
        var start = new ProcessStartInfo(Executable, trainer.Args!.Select(Place)) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CPT_THREADS"] = "1";
        foreach (var variable in trainer.Env!)
        {
            start.Environment[variable.Name] = variable switch
            {
                { Name: "MASTER_ADDR" } => Resolved(variable.Value!, $"{job.Metadata.Name}-0.{template.Spec.Subdomain}"),
                { Name: "MASTER_PORT" } => s_port,
                { ValueFrom.FieldRef.FieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" } => index.ToString(CultureInfo.InvariantCulture),
                { Value: { } value } => Place(value),
                _ => throw new InvalidOperationException($"{variable.Name} comes from somewhere that this pod does not know"),
            };
        }

        return new PodProcess(Process.Start(start)!, directory);
    }

    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(limit.Token);
        await _reading;
        return _process.ExitCode;
    }

    public StageResult Result() => JsonSerializer.Deserialize(File.ReadAllBytes(_directory + TrainerPod.TerminationLog), ContractJson.Default.StageResult)!;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
    }

    /// <summary>A pod of an Indexed Job has the host name JOB-INDEX, and its subdomain is the Service.</summary>
    private static string Resolved(string asked, string known) => asked == known ? "localhost" : throw new InvalidOperationException($"no pod is called {asked}; the first is {known}");

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }
    }
}

using System.Diagnostics;

namespace Cpt.Torch.Tests;

/// <summary>How the library is loaded, and its threads.</summary>
[Collection(nameof(WholeProcess))]
public sealed class RuntimeTests
{
    [Fact]
    public void TheLibraryTellsItsVersion()
    {
        TorchRuntime.EnsureLoaded();
        Assert.Matches(@"^\d+\.\d+", TorchRuntime.Version);
        Assert.Contains("PyTorch built with", TorchRuntime.Configuration, StringComparison.Ordinal);
    }

    [Fact]
    public void OneBlasIsInUseAndItIsTheFastOne()
    {
        TorchRuntime.EnsureLoaded();
        var files = TorchRuntime.BlasInUse;
        if (!files.Any(file => file.Contains("/openblas-openmp/", StringComparison.Ordinal))) Assert.Skip("this machine has no openblas-openmp");
        Assert.All(files, file => Assert.Contains("/openblas-openmp/", file, StringComparison.Ordinal));
    }

    [Fact]
    public void TheThreadCountFitsTheProcess()
    {
        TorchRuntime.EnsureLoaded();
        var wanted = Environment.GetEnvironmentVariable("CPT_THREADS") is { Length: > 0 } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        Assert.Equal(wanted, TorchRuntime.DefaultThreads);
        Assert.Equal(wanted, OnAThread(torch.get_num_threads));
    }

    [Fact]
    public void AThreadsOwnCountConcernsNoOther()
    {
        var (before, inside, other, after) = OnAThread(() =>
        {
            var before = torch.get_num_threads();
            int inside, other;
            using (torch.thread_count(before + 1)) (inside, other) = (torch.get_num_threads(), OnAThread(torch.get_num_threads));
            return (before, inside, other, torch.get_num_threads());
        });
        Assert.Equal(before + 1, inside);
        Assert.Equal(before, other);
        Assert.Equal(before, after);
        Assert.Throws<ArgumentOutOfRangeException>(() => torch.thread_count(0));
    }

    [Fact]
    public void AThreadsCountOutlivesItsFirstKernel()
    {
        var wanted = TorchRuntime.DefaultThreads + 1;
        var after = OnAThread(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var own = torch.thread_count(wanted);
            torch.nn.functional.rms_norm(torch.ones([4, 64]), torch.ones([64]), 1e-6);
            return torch.get_num_threads();
        });

        Assert.Equal(wanted, after);
    }

    [Fact]
    public void AMachineWithoutGpusSaysSo()
    {
        if (torch.cuda_is_available()) Assert.Skip("this machine has one");
        Assert.Equal(0, torch.cuda_device_count());
        Assert.Throws<TorchException>(() => torch.zeros([1], device: torch.CUDA));
    }

    [Fact]
    public void TheThreadCountIsReadFromCptThreads()
    {
        Assert.Equal(3, TorchRuntime.Threads("3"));
        Assert.Equal(Environment.ProcessorCount, TorchRuntime.Threads(null));
        foreach (var wrong in new[] { "0", "-1", "two", "1.5" })
            Assert.Equal($"CPT_THREADS: '{wrong}' is not a thread count; a whole number from 1 would be", Assert.Throws<TorchException>(() => TorchRuntime.Threads(wrong)).Message);
    }

    [Fact]
    public void AMissingLibrarySaysWhatToInstall()
    {
        var directory = Directory.CreateTempSubdirectory("cpt-torch-").FullName;
        try
        {
            Assert.Contains($"is missing at {directory}/libcpt_torch.so; eng/build-shim.sh makes it", Assert.Throws<TorchException>(() => TorchRuntime.LoadShim(directory)).Message, StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(directory, "libcpt_torch.so"), "no library");
            var message = Assert.Throws<TorchException>(() => TorchRuntime.LoadShim(directory)).Message;
            Assert.StartsWith("libtorch: cannot be loaded (", message, StringComparison.Ordinal);
            Assert.Contains("invalid ELF header", message.Replace("file too short", "invalid ELF header", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.EndsWith("on Debian 12: apt-get install libtorch1.13 libopenblas0-openmp", message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("--torch /nowhere", "/nowhere has no include/ATen/ATen.h; --torch wants the directory that holds include/ and lib/")]
    [InlineData("--frobnicate", "unknown argument '--frobnicate'; known are --torch DIR and --output FILE")]
    public async Task TheBuildScriptSaysWhatItMisses(string arguments, string message)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "eng/build-shim.sh"), arguments) { RedirectStandardError = true, UseShellExecute = false };
        using var script = Process.Start(start)!;
        var error = await script.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, script.ExitCode);
        Assert.Equal($"build-shim: error: {message}\n", error);
    }

    private static T OnAThread<T>(Func<T> ask)
    {
        T answer = default!;
        var thread = new Thread(() => answer = ask());
        thread.Start();
        thread.Join();
        return answer;
    }
}

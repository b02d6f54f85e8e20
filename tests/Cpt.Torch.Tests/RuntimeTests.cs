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
    public void AMachineWithoutGpusSaysSo()
    {
        if (torch.cuda_is_available()) Assert.Skip("this machine has one");
        Assert.Equal(0, torch.cuda_device_count());
        Assert.Throws<TorchException>(() => torch.zeros([1], device: torch.CUDA));
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

using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cpt.Torch;

/// <summary>Loads libtorch once per process, with a fast BLAS and as many threads as the process may use.</summary>
/// <remarks>
/// The first use of a tensor does this; <see cref="EnsureLoaded"/> does it early, so that a missing package is told at once. The order
/// matters: the environment that OpenMP reads must stand before it is loaded, and the BLAS must be there before libtorch asks for one.
/// </remarks>
public static class TorchRuntime
{
    private static readonly Lazy<nint> s_shim = new(Load, LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>The version of libtorch the shim was built with, such as <c>1.13.0</c>.</summary>
    public static string Version => Native.Text(Native.cpt_version());

    /// <summary>Build settings of libtorch and its thread counts, for bug reports.</summary>
    public static string Configuration => Native.Text(Native.cpt_config());

    /// <summary>The BLAS libraries mapped into this process; more than one set means that one was loaded past ours.</summary>
    public static IReadOnlyList<string> BlasInUse => BlasLibraries.Mapped();

    /// <summary>The thread count that loading chose: <c>CPT_THREADS</c>, else the processors this process may use (cgroup limits included).</summary>
    public static int DefaultThreads { get; private set; }

    /// <summary>Loads everything now.</summary>
    /// <exception cref="TorchException">A library is missing or does not fit; the message says what to install.</exception>
    public static void EnsureLoaded() => _ = s_shim.Value;

    [ModuleInitializer]
    internal static void InstallResolver() => NativeLibrary.SetDllImportResolver(
        typeof(TorchRuntime).Assembly, static (name, _, _) => name == Native.Library ? s_shim.Value : 0);

    private static nint Load()
    {
        NativeHeap.KeepFreedBlocks();
        DefaultThreads = Threads(Environment.GetEnvironmentVariable("CPT_THREADS"));
        // Every thread begins with this count, in libtorch as in its BLAS.
        NativeEnvironment.SetDefault("OMP_NUM_THREADS", DefaultThreads.ToString(CultureInfo.InvariantCulture), replace: true);
        // Spinning OpenMP threads collapse as soon as another process wants their core: 34k tokens/s became 5k.
        NativeEnvironment.SetDefault("OMP_WAIT_POLICY", "PASSIVE");
        // cuBLAS repeats its sums only with a fixed workspace, which it reads from here when it starts.
        NativeEnvironment.SetDefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
        BlasLibraries.Preload();

        var shim = LoadShim(Path.GetDirectoryName(typeof(TorchRuntime).Assembly.Location) is { Length: > 0 } beside ? beside : AppContext.BaseDirectory);
        var abi = NativeAbi(shim);
        if (abi != Native.ExpectedAbi)
            throw new TorchException("libcpt_torch.so", $"has ABI {abi}, this program wants {Native.ExpectedAbi}; build it again with eng/build-shim.sh");
        return shim;
    }

    /// <param name="text">The value of <c>CPT_THREADS</c>; null or empty where it is not set.</param>
    internal static int Threads(string? text)
    {
        if (string.IsNullOrEmpty(text)) return Environment.ProcessorCount;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? count
            : throw new TorchException("CPT_THREADS", $"'{text}' is not a thread count; a whole number from 1 would be");
    }

    internal static nint LoadShim(string directory)
    {
        var path = Path.Combine(directory, "libcpt_torch.so");
        if (!File.Exists(path))
            throw new TorchException("libcpt_torch.so", $"is missing at {path}; eng/build-shim.sh makes it, and building Cpt.Torch runs that");
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error)
        {
            throw new TorchException("libtorch", $"cannot be loaded ({Reason(error)}); on Debian 12: apt-get install libtorch1.13 libopenblas0-openmp", error);
        }
    }

    // .NET lists every name it tried; the loader's own sentence is the one that names what is missing.
    private static string Reason(DllNotFoundException error) =>
        error.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(line => line.StartsWith('/') || line.StartsWith("lib", StringComparison.Ordinal)) ?? error.Message.Split('\n')[0].Trim();

    // Through the handle: the resolver is still at work, and a P/Invoke would wait for it.
    private static unsafe int NativeAbi(nint shim) => ((delegate* unmanaged<int>)NativeLibrary.GetExport(shim, nameof(Native.cpt_abi)))();
}

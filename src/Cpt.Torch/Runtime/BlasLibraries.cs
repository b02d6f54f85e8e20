using System.Runtime.InteropServices;

namespace Cpt.Torch;

/// <summary>Makes libtorch use OpenBLAS with OpenMP where Debian has it, whatever <c>update-alternatives</c> says.</summary>
/// <remarks>
/// libtorch names its BLAS by soname. The loader takes a library of that soname that is loaded already, so loading ours first decides;
/// <c>LD_LIBRARY_PATH</c> is read at process start only. The three files must come from one directory: a reference LAPACK beside OpenBLAS
/// would bring the reference BLAS, which is thirty times slower, in by the back door.
/// </remarks>
internal static partial class BlasLibraries
{
    private const int Now = 2, Global = 0x100;

    private static readonly string[] s_files = ["libopenblas.so.0", "libblas.so.3", "liblapack.so.3"];

    private static string Directory => Path.Combine(
        "/usr/lib", RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu", "openblas-openmp");

    /// <summary>Loads the three where all are there; otherwise libtorch finds its own.</summary>
    public static void Preload()
    {
        var files = s_files.Select(file => Path.Combine(Directory, file)).ToArray();
        if (!Array.TrueForAll(files, File.Exists)) return;
        foreach (var file in files)
        {
            // A library that does not load here (a missing dependency) leaves libtorch to the system's choice.
            if (dlopen(file, Now | Global) == 0) return;
        }
    }

    /// <summary>Files of BLAS implementations in this process's memory map, each once.</summary>
    public static IReadOnlyList<string> Mapped() =>
    [
        .. File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var start ? line[start..] : "")
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("libblas", StringComparison.Ordinal) || name.StartsWith("libopenblas", StringComparison.Ordinal)
                || name.StartsWith("liblapack", StringComparison.Ordinal) || name.StartsWith("libmkl", StringComparison.Ordinal)))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint dlopen(string file, int flags);
}

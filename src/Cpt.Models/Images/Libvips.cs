using System.Runtime.InteropServices;

namespace Cpt.Models;

/// <summary>
/// The few functions of libvips (libvips.org, LGPL) that decode pictures. The library is looked for when the first picture is decoded, so that who
/// trains on text alone needs none of it. Functions that end in "…" in C are called with the options they get here and a closing null.
/// </summary>
internal static unsafe partial class Libvips
{
    /// <summary>Debian's package.</summary>
    public const string Package = "libvips42";

    private const string Library = "libvips.so.42";
    private const int LogWarning = 1 << 4;
    private static readonly Lazy<PictureLibraryException?> s_problem = new(Start);

    /// <summary>VIPS_FAIL_ON_TRUNCATED, VIPS_FAIL_ON_ERROR.</summary>
    public enum FailOn
    {
        Truncated = 1,
        Error = 2,
    }

    /// <exception cref="PictureLibraryException">There is no libvips here, or it does not start.</exception>
    public static void Require()
    {
        if (s_problem.Value is { } problem)
        {
            throw new PictureLibraryException(problem.Message, problem);
        }
    }

    public static bool IsThere => s_problem.Value is null;

    /// <summary>What went wrong last, on one line; cleared.</summary>
    public static string TakeError()
    {
        var text = Marshal.PtrToStringUTF8(vips_error_buffer()) ?? "";
        vips_error_clear();
        return string.Join("; ", text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [LibraryImport(Library)]
    public static partial int vips_pngload_buffer(nint buffer, nuint length, out nint image, [MarshalAs(UnmanagedType.LPUTF8Str)] string option, FailOn value, nint end);

    [LibraryImport(Library)]
    public static partial int vips_jpegload_buffer(nint buffer, nuint length, out nint image, [MarshalAs(UnmanagedType.LPUTF8Str)] string option, FailOn value, nint end);

    [LibraryImport(Library)]
    public static partial nint vips_image_write_to_memory(nint image, out nuint size);

    [LibraryImport(Library)]
    public static partial int vips_image_get_width(nint image);

    [LibraryImport(Library)]
    public static partial int vips_image_get_height(nint image);

    [LibraryImport(Library)]
    public static partial int vips_image_get_bands(nint image);

    /// <summary>0: unsigned bytes; 2: unsigned 16-bit numbers.</summary>
    [LibraryImport(Library)]
    public static partial int vips_image_get_format(nint image);

    [LibraryImport(Library)]
    public static partial void g_object_unref(nint thing);

    [LibraryImport(Library)]
    public static partial void g_free(nint memory);

    [LibraryImport(Library)]
    private static partial int vips_init([MarshalAs(UnmanagedType.LPUTF8Str)] string program);

    [LibraryImport(Library)]
    private static partial nint vips_error_buffer();

    [LibraryImport(Library)]
    private static partial void vips_error_clear();

    [LibraryImport(Library)]
    private static partial void vips_cache_set_max(int operations);

    [LibraryImport(Library)]
    private static partial void vips_concurrency_set(int threads);

    [LibraryImport(Library)]
    private static partial uint g_log_set_handler([MarshalAs(UnmanagedType.LPUTF8Str)] string domain, int levels, delegate* unmanaged[Cdecl]<nint, int, nint, nint, void> handler, nint data);

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Silence(nint domain, int level, nint message, nint data)
    {
    }

    private static PictureLibraryException? Start()
    {
        try
        {
            if (vips_init("cpt") != 0)
            {
                return new PictureLibraryException($"libvips does not start: {TakeError()}");
            }

            // Its cache knows buffers by their address, which the next picture may get again.
            vips_cache_set_max(0);
            vips_concurrency_set(1);

            // Its warnings about damaged files go to standard error, beside the error that we report.
            g_log_set_handler("VIPS", LogWarning, &Silence, 0);
            return null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            return new PictureLibraryException(
                $"{Library} cannot be loaded, which decodes the pictures of tasks; install Debian's package {Package} (apt-get install -y --no-install-recommends {Package}), or another libvips 8.12 or newer", exception);
        }
    }
}

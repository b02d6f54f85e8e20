using System.Runtime.InteropServices;

namespace Cpt.Torch;

/// <summary>The environment as native code sees it; <see cref="Environment.SetEnvironmentVariable(string, string)"/> changes only .NET's copy.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable, and leaves one the user has set alone unless <paramref name="replace"/> says otherwise.</summary>
    public static void SetDefault(string name, string value, bool replace = false) => _ = setenv(name, value, replace ? 1 : 0);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}

using Xunit.Runner.InProc.SystemConsole;

namespace Cpt.Storage.Tests;

/// <summary>Runs the tests, or, when asked by one of them, is the writer that gets killed.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is not [DoomedWriter.Argument, var uri, var directory, var seed]) return await ConsoleRunner.Run(args);
        await DoomedWriter.WriteForeverAsync(uri, directory, int.Parse(seed, System.Globalization.CultureInfo.InvariantCulture));
        return 0;
    }
}

using Spectre.Console;

namespace Cpt.Cli.Display;

/// <summary>Spectre's tables without colours and cursor movements.</summary>
internal static class PlainConsole
{
    /// <summary>Wide enough for a matrix of a dozen columns; a log has no width of its own.</summary>
    private const int Width = 160;

    public static IAnsiConsole On(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = Width;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }
}

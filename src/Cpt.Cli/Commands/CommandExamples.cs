using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace Cpt.Cli.Commands;

/// <summary>Text under a command's own help (examples, exit codes), which would only be noise in the list of commands.</summary>
internal static class CommandExamples
{
    private static readonly ConditionalWeakTable<Command, string> s_texts = [];

    public static Command WithExamples(this Command command, string text)
    {
        s_texts.Add(command, text);
        return command;
    }

    /// <summary>Makes <c>--help</c> of every command under this root show its text.</summary>
    public static void Show(Command root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpWithExamples((SynchronousCommandLineAction)option.Action!);
    }

    private sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = Invoke(help, parseResult);
            if (s_texts.TryGetValue(parseResult.CommandResult.Command, out var text))
            {
                parseResult.InvocationConfiguration.Output.WriteLine(text);
            }

            return code;
        }

        /// <summary>A command's name holds no blank, and nobody types the name of the plugin's file.</summary>
        private static int Invoke(SynchronousCommandLineAction help, ParseResult parseResult)
        {
            var streams = parseResult.InvocationConfiguration;
            var output = streams.Output;
            using var text = new StringWriter();
            streams.Output = text;
            try
            {
                return help.Invoke(parseResult);
            }
            finally
            {
                streams.Output = output;
                output.Write(text.ToString().Replace("  " + CommandName.Plugin, "  kubectl cpt", StringComparison.Ordinal));
            }
        }
    }
}

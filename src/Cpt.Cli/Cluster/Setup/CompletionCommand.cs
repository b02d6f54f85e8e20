using System.CommandLine;
using Cpt.Cli.Commands;
using Cpt.Contract;

namespace Cpt.Cli.Cluster.Setup;

/// <summary><c>cpt completion bash|zsh|fish</c>: what a shell needs to complete words of this program.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _cpt_complete() {
          local line words=("${COMP_WORDS[@]:1:COMP_CWORD}")
          COMPREPLY=()
          while IFS= read -r line; do
            case "$line" in
              :0) compopt -o default 2>/dev/null ;;
              :*) ;;
              *) COMPREPLY+=("${line%%$'\t'*}") ;;
            esac
          done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)
        }
        complete -F _cpt_complete cpt ./cpt kubectl-cpt

        """;

    private const string Zsh = """
        #compdef cpt kubectl-cpt
        _cpt_complete() {
          local line files=
          local -a found
          while IFS= read -r line; do
            case "$line" in
              :0) files=1 ;;
              :*) ;;
              *$'\t'*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
              *) found+=("${line//:/\\:}") ;;
            esac
          done < <("${words[1]/#\~/$HOME}" __complete "${(@)words[2,$CURRENT]}" 2>/dev/null)
          if [ -n "$files" ]; then _files; else _describe cpt found; fi
        }
        compdef _cpt_complete cpt kubectl-cpt

        """;

    private const string Fish = """
        function __cpt_complete
          set -l words (commandline -opc)
          set -l program $words[1]
          set -e words[1]
          $program __complete $words (commandline -ct) 2>/dev/null | string match -v ':*'
        end
        complete -c cpt -f -a '(__cpt_complete)'
        complete -c kubectl-cpt -f -a '(__cpt_complete)'

        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print what a shell needs to complete words of this program")
        {
            shell,
        }.WithExamples("""
            Names of runs and stages come from the cluster. kubectl cpt … is completed by kubectl itself once cpt kube install was run.

              source <(cpt completion bash)                                  in ~/.bashrc
              source <(cpt completion zsh)                                   in ~/.zshrc
              cpt completion fish > ~/.config/fish/completions/cpt.fish
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, async () =>
        {
            await result.InvocationConfiguration.Output.WriteAsync(result.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitCodes.Done;
        }));
        return command;
    }
}

using System.CommandLine;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary>Every failure of a command as one message on standard error and an exit code; a stack trace only for what nobody foresaw.</summary>
internal static class CommandErrors
{
    /// <summary>ENOSPC of Linux: .NET's HResult of an IOException is the error number there.</summary>
    private const int NoSpace = 28;

    public static async Task<int> GuardAsync(ParseResult result, Func<Task<int>> action)
    {
        var error = result.InvocationConfiguration.Error;
        try
        {
            return await action();
        }
        catch (CliException known)
        {
            await error.WriteLineAsync(known.Message);
            return known.ExitCode;
        }
        catch (StageFailureException known)
        {
            await error.WriteLineAsync(known.Message);
            return known.ExitCode;
        }
        catch (IOException full)
        {
            await error.WriteLineAsync(full.HResult == NoSpace ? $"The disk is full: {full.Message}. What was committed before stays as it was; when there is room again, the same command goes on." : full.Message);
            return ExitCodes.StorageUnavailable;
        }
        catch (UnauthorizedAccessException denied)
        {
            await error.WriteLineAsync(denied.Message);
            return ExitCodes.StorageUnavailable;
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            await error.WriteLineAsync($"This is a bug in cpt; please report it with these lines:\n{bug}");
            return ExitCodes.Internal;
        }
    }
}

using System.CommandLine;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary>Names of runs on a command line: <c>demo</c>, and as kubectl prints them <c>crun/demo</c>, <c>continualrun.cpt.dev/demo</c>.</summary>
internal static class RunArgument
{
    /// <summary>One run; where it is left out, the only one of the namespace.</summary>
    public static Argument<string?> One(ClusterOptions options)
    {
        var argument = new Argument<string?>("RUN") { Description = "Name of the run; may be left out where the namespace has only one", Arity = ArgumentArity.ZeroOrOne };
        argument.CompletionSources.Add(NameCompletion.Runs(options));
        return argument;
    }

    public static Argument<string[]> Several(ClusterOptions options)
    {
        var argument = new Argument<string[]>("RUN") { Description = "Names of runs", Arity = ArgumentArity.OneOrMore };
        argument.CompletionSources.Add(NameCompletion.Runs(options));
        return argument;
    }

    /// <exception cref="CliException">What stands before the slash is another kind.</exception>
    public static string NameOf(string typed)
    {
        if (typed.IndexOf('/', StringComparison.Ordinal) is var slash && slash < 0)
        {
            return typed;
        }

        var kind = typed[..slash].ToLowerInvariant();
        return kind is ContinualRun.ShortName or "continualrun" or ContinualRun.Plural or $"continualrun.{ContinualRun.Group}" or $"{ContinualRun.Plural}.{ContinualRun.Group}"
            ? typed[(slash + 1)..]
            : throw new CliException(ClusterErrors.ExitCode, $"error: \"{typed}\" is not a run: \"{kind}\" is another kind; write {ContinualRun.ShortName}/NAME, or the name alone");
    }

    /// <summary>The run that was named, or the only one.</summary>
    /// <exception cref="CliException">None is named, and there is none or more than one.</exception>
    public static async Task<RunObject> GetAsync(ClusterSession session, string? typed)
    {
        if (!string.IsNullOrEmpty(typed))
        {
            return await session.GetAsync(NameOf(typed));
        }

        var runs = (await session.Client.ListAsync<RunObject>(new() { Namespace = session.Namespace }, session.Stop)).Items;
        return runs.Count switch
        {
            1 => runs[0],
            0 => throw new CliException(ClusterErrors.ExitCode, $"No runs found in {session.Namespace} namespace."),
            _ => throw new CliException(ClusterErrors.ExitCode, $"error: {session.Namespace} namespace has several runs; name one: {string.Join(", ", runs.Select(run => run.Metadata.Name))}"),
        };
    }

    /// <exception cref="CliException">The spec cannot be read.</exception>
    public static ContinualRun Read(RunObject run)
    {
        try
        {
            return run.ToRun();
        }
        catch (ManifestException fault)
        {
            throw new CliException(ExitCodes.BadData, "error: the run's spec cannot be read; it was written for another version, or to a server that checks nothing:\n" + fault.Message);
        }
    }

    /// <summary><c>continualrun.cpt.dev/demo</c>, as kubectl begins what it says of an object.</summary>
    public static string Display(string name) => $"continualrun.{ContinualRun.Group}/{name}";
}

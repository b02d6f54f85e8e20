using System.Text.Json.Nodes;
using Cpt.Cli.Status;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Cluster.Changes;

/// <summary>What is to be done about a run as it stands: fields of spec to set, or why there is nothing to do.</summary>
/// <param name="Spec">Null: nothing.</param>
/// <param name="Said">What is printed behind the run's name.</param>
internal sealed record Change(JsonObject? Spec, string Said);

/// <summary>
/// Changes fields of runs' specs. Each run is judged and changed in one version: when the operator or somebody else writes in between, it is judged anew. Of several runs,
/// each is told about; one that fails does not keep the others back.
/// </summary>
internal sealed class RunChanger(ClusterSession session, ChangeMode mode)
{
    /// <param name="names">As typed.</param>
    /// <param name="judge">Looks at the run.</param>
    /// <param name="then">Waits for what the change leads to; not after a dry run.</param>
    public async Task<int> EachAsync(IEnumerable<string> names, Func<RunObject, StatusDocument?, Change> judge, Func<RunObject, Task>? then = null)
    {
        var exitCode = ExitCodes.Done;
        var changed = new List<RunObject>();
        foreach (var typed in names.Distinct(StringComparer.Ordinal))
        {
            try
            {
                changed.Add(await ChangeAsync(RunArgument.NameOf(typed), judge));
            }
            catch (CliException wrong)
            {
                await session.Error.WriteLineAsync(wrong.Message);
                exitCode = ClusterErrors.ExitCode;
            }
            catch (KubernetesException refused) when (refused is not ApiUnreachableException)
            {
                await session.Error.WriteLineAsync(ClusterErrors.Explain(refused, session.Client.Cluster.Server));
                exitCode = ClusterErrors.ExitCode;
            }
        }

        if (then is not null && mode == ChangeMode.Real)
        {
            foreach (var run in changed)
            {
                await then(run);
            }
        }

        return exitCode;
    }

    private async Task<RunObject> ChangeAsync(string name, Func<RunObject, StatusDocument?, Change> judge)
    {
        while (true)
        {
            var run = await session.GetAsync(name);
            var change = judge(run, run.Spec.Value is null ? null : StatusDocuments.OfCluster(run.ToRun()));
            if (change.Spec is { } spec && mode != ChangeMode.DryRunHere)
            {
                try
                {
                    run = await session.Client.PatchAsync<RunObject>(
                        name,
                        session.Namespace,
                        Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = run.Metadata.ResourceVersion }, ["spec"] = spec }),
                        new() { DryRun = mode == ChangeMode.DryRunThere },
                        session.Stop);
                }
                catch (KubernetesException other) when (other.IsConflict)
                {
                    continue;
                }
            }

            var how = change.Spec is null ? "" : mode switch { ChangeMode.DryRunHere => " (dry run)", ChangeMode.DryRunThere => " (server dry run)", _ => "" };
            await session.Output.WriteLineAsync($"{RunArgument.Display(name)} {change.Said}{how}");
            return run;
        }
    }
}

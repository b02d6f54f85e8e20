using Cpt.Contract;
using Cpt.Planning;
using Cpt.Storage;
using Cpt.Tasks;

namespace Cpt.Cli.Running;

/// <summary>Answers what the planner needs to know from storage and from the inputs, and keeps what cannot change.</summary>
internal sealed class LocalLookups(CheckpointStore store, InputResolver inputs, string cacheDirectory)
{
    private Artifacts _lasting = Artifacts.Empty;
    private Artifacts _current = Artifacts.Empty;

    public CheckpointStore Store => store;

    /// <summary>Forgets what a running stage may have changed meanwhile: steps, evaluations, and all that was absent.</summary>
    public void Refresh() => _current = _lasting;

    /// <summary>Looks up until the planner misses nothing: one answer may raise the next question.</summary>
    public async Task<Observation> CompleteAsync(Observation observation, CancellationToken cancellationToken)
    {
        while (true)
        {
            observation = observation with { Artifacts = _current };
            var needs = Planner.Needs(observation);
            if (needs.Count == 0)
            {
                return observation;
            }

            foreach (var need in needs)
            {
                var lookup = await FindAsync(need, cancellationToken);
                _current = _current.With(need, lookup);
                if (lookup.Value is not null && need is Need.ModelDigest or Need.TaskDigest or Need.FinalManifest)
                {
                    _lasting = _lasting.With(need, lookup);
                }
            }
        }
    }

    private async Task<Lookup> FindAsync(Need need, CancellationToken cancellationToken)
    {
        try
        {
            return need switch
            {
                Need.ModelDigest model => Lookup.Digest(await inputs.DigestAsync(model.Uri, cacheDirectory, cancellationToken)),
                Need.TaskDigest task => Lookup.Digest(await TaskDigestAsync(task.Uri, cancellationToken)),
                Need.FinalManifest final => Lookup.Manifest(await store.ReadManifestAsync(final.StageHash, cancellationToken)),
                Need.NewestStep steps => Lookup.Manifest((await store.ListStepsAsync(steps.StageHash, cancellationToken)).FirstOrDefault()),
                Need.Evaluation evaluation => Lookup.Evaluation(await store.ReadEvaluationAsync(evaluation.StageHash, cancellationToken)),
                _ => throw new NotSupportedException($"The planner asks for {need.GetType().Name}, which this runner does not know."),
            };
        }
        catch (StageFailureException failure)
        {
            return Lookup.Failed(failure.Reason, failure.Message, ExitCodes.IsPermanent(failure.ExitCode));
        }
        catch (TaskNotFoundException missing)
        {
            return Lookup.Failed("NotFound", missing.Message, permanent: true);
        }
        catch (TaskDataException wrong)
        {
            return Lookup.Failed("InvalidTask", wrong.Message, permanent: true);
        }
    }

    /// <summary>A task that cannot be read is told before anything is trained, not hours later.</summary>
    private async Task<string> TaskDigestAsync(string uri, CancellationToken cancellationToken)
    {
        if (!InputResolver.Handles(uri))
        {
            return TaskLoader.Load(uri).Digest;
        }

        var local = await inputs.MaterializeTaskAsync(uri, cacheDirectory, cancellationToken: cancellationToken);
        return TaskLoader.LoadDirectory(local.Directory).Digest;
    }
}

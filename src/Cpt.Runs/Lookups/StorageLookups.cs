using Cpt.Contract;
using Cpt.Planning;
using Cpt.Storage;
using Cpt.Tasks;

namespace Cpt.Runs;

/// <summary>
/// Answers what the planner needs to know from storage and from the inputs, the same way on a cluster and on a laptop. A failure is an answer too: whether it is worth another
/// look stands in it.
/// </summary>
public sealed class StorageLookups
{
    private readonly Func<CheckpointStore> _store;
    private readonly InputResolver _inputs;
    private readonly string _cacheDirectory;
    private readonly bool _keepModels;

    /// <param name="store">Of the run; opened when something of it is asked for the first time.</param>
    /// <param name="inputs">Models and tasks.</param>
    /// <param name="cacheDirectory">Copies of remote inputs, and digests of large files.</param>
    /// <param name="keepModels">False: a remote model is only hashed, file by file, and not kept; whoever asks will not train it.</param>
    public StorageLookups(Func<CheckpointStore> store, InputResolver inputs, string cacheDirectory, bool keepModels = true)
    {
        _store = store;
        _inputs = inputs;
        _cacheDirectory = cacheDirectory;
        _keepModels = keepModels;
    }

    /// <summary>Whether an answer stays true: a commit and a digest that were found. What was absent may come, and steps and evaluations change.</summary>
    public static bool IsLasting(Need need, Lookup lookup) => lookup.Value is not null && need is Need.ModelDigest or Need.TaskDigest or Need.FinalManifest;

    /// <exception cref="OperationCanceledException">The token was cancelled; every other failure is part of the answer.</exception>
    public async Task<Lookup> FindAsync(Need need, CancellationToken cancellationToken)
    {
        try
        {
            return need switch
            {
                Need.ModelDigest model => Lookup.Digest(await ModelDigestAsync(model.Uri, cancellationToken)),
                Need.TaskDigest task => Lookup.Digest(await TaskDigestAsync(task.Uri, cancellationToken)),
                Need.FinalManifest final => Lookup.Manifest(await _store().ReadManifestAsync(final.StageHash, cancellationToken)),
                Need.NewestStep steps => Lookup.Manifest((await _store().ListStepsAsync(steps.StageHash, cancellationToken)).FirstOrDefault()),
                Need.Evaluation evaluation => Lookup.Evaluation(await EvaluationAsync(evaluation.StageHash, cancellationToken)),
                Need.Records records => Lookup.Evaluation(await RecordsAsync(records.StageHash, cancellationToken)),
                _ => throw new NotSupportedException($"The planner asks for {need.GetType().Name}, which nobody here knows."),
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

    private Task<string> ModelDigestAsync(string uri, CancellationToken cancellationToken) =>
        _keepModels ? _inputs.DigestAsync(uri, _cacheDirectory, cancellationToken) : _inputs.DigestOnlyAsync(uri, _cacheDirectory, cancellationToken);

    /// <summary>A task that cannot be read is told before anything is trained, not hours later.</summary>
    private async Task<string> TaskDigestAsync(string uri, CancellationToken cancellationToken)
    {
        if (!InputResolver.Handles(uri))
        {
            return TaskLoader.Load(uri).Digest;
        }

        var local = await _inputs.MaterializeTaskAsync(uri, _cacheDirectory, cancellationToken: cancellationToken);
        return TaskLoader.LoadDirectory(local.Directory).Digest;
    }

    /// <summary>Without the records of single samples: a decision rests on scores, and thousands of runs are kept in one memory.</summary>
    private async Task<EvaluationDocument?> EvaluationAsync(string stageHash, CancellationToken cancellationToken) =>
        await _store().ReadEvaluationAsync(stageHash, cancellationToken) is { } evaluation
            ? evaluation with { Scores = [.. evaluation.Scores.Select(score => score with { Records = [] })] }
            : null;

    /// <summary>With every sample's id and score, without what the model said.</summary>
    private async Task<EvaluationDocument?> RecordsAsync(string stageHash, CancellationToken cancellationToken) =>
        await _store().ReadEvaluationAsync(stageHash, cancellationToken) is { } evaluation
            ? evaluation with { Scores = [.. evaluation.Scores.Select(score => score with { Records = [.. score.Records.Select(record => record with { Response = "" })] })] }
            : null;
}

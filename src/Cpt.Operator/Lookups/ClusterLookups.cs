using System.Collections.Concurrent;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Runs;
using Cpt.Planning;
using Cpt.Runs;
using Microsoft.Extensions.Hosting;

namespace Cpt.Operator.Lookups;

/// <summary>
/// Looks up what the planner needs to know. A manifest takes milliseconds, and the next Job waits for it: so a reconcile waits a moment itself. What takes longer (a large model is hashed, an
/// account does not answer) goes on in the background, under limits of its own, and wakes the run when it is there: no worker stands still for it, and no other run.
/// </summary>
internal sealed class ClusterLookups(RunStorage storage, IRequeue<RunObject> requeue, IHostApplicationLifetime lifetime, TimeProvider time) : IDisposable
{
    /// <summary>How long a reconcile waits itself.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>After so long without an answer the run says what it waits for.</summary>
    private static readonly TimeSpan s_worthTelling = TimeSpan.FromSeconds(5);

    /// <summary>Storage gives up by itself after a time without progress; this one ends what makes progress for ever.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(2);

    /// <summary>Digests of data that is made from its URI: they never change.</summary>
    private readonly ConcurrentDictionary<string, Lookup> _generated = new(StringComparer.Ordinal);

    /// <summary>Questions that many runs ask at the same time are answered once.</summary>
    private readonly ConcurrentDictionary<(string Whose, Need Need), Task<Lookup>> _underway = new();

    private readonly SemaphoreSlim _digests = new(4);
    private readonly SemaphoreSlim _documents = new(32);

    /// <summary>Reconciles that wait themselves: at most so many, so that workers are left for runs that need no storage.</summary>
    private readonly SemaphoreSlim _waiting = new(8);

    public void Dispose()
    {
        _digests.Dispose();
        _documents.Dispose();
        _waiting.Dispose();
    }

    /// <returns>With everything the planner needs; null when that takes longer: the run is woken then.</returns>
    public async Task<Observation?> CompleteAsync(RunMemory memory, ObjectKey key, Observation observation, CancellationToken cancellation)
    {
        while (true)
        {
            if (memory.Round is { } round)
            {
                if (round.Answers.IsCompleted)
                {
                    Take(memory, round, await round.Answers);
                }
                else if (time.GetElapsedTime(round.Began) >= s_worthTelling)
                {
                    return Telling(observation with { Artifacts = memory.Known.Current });
                }
                else
                {
                    return null;
                }
            }

            observation = observation with { Artifacts = memory.Known.Current };
            var needs = Planner.Needs(observation);
            if (needs.Count == 0)
            {
                return observation;
            }

            memory.Round = round = Begin(key, observation.Run, needs);
            if (!await AnsweredSoonAsync(round.Answers, cancellation))
            {
                _ = WakeAsync(key, round.Answers);
            }
        }
    }

    /// <summary>How long until <see cref="CompleteAsync"/> will tell what the run waits for.</summary>
    public TimeSpan UntilTelling(RunMemory memory) =>
        memory.Round is { } round && s_worthTelling - time.GetElapsedTime(round.Began) is { } left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    public async Task<OpenRunStorage> OpenAsync(ContinualRun run, CancellationToken cancellation) => await storage.OpenAsync(run, run.Metadata.Namespace!, cancellation);

    private static void Take(RunMemory memory, LookupRound round, IReadOnlyList<(Need Need, Lookup Lookup)> answers)
    {
        memory.Round = null;
        foreach (var (need, lookup) in answers.Where(answer => !round.Stale || StorageLookups.IsLasting(answer.Need, answer.Lookup)))
        {
            memory.Known.Add(need, lookup);
        }
    }

    /// <summary>The planner is told that what is missing cannot be had for now, which is the truth.</summary>
    private static Observation Telling(Observation observation)
    {
        for (var needs = Planner.Needs(observation); needs.Count > 0; needs = Planner.Needs(observation))
        {
            foreach (var need in needs)
            {
                observation = observation with { Artifacts = observation.Artifacts.With(need, Lookup.Failed(Reasons.Reading, Sentence(need, observation.Run), permanent: false)) };
            }
        }

        return observation;
    }

    private static string Sentence(Need need, ContinualRun run) => need switch
    {
        Need.ModelDigest model => $"The model {model.Uri} is being read; a large one takes minutes the first time.",
        Need.TaskDigest task => $"The task {task.Uri} is being read.",
        _ => $"The storage {run.Spec.Storage.Uri} has not answered yet.",
    };

    private LookupRound Begin(ObjectKey key, ContinualRun run, IReadOnlyCollection<Need> needs) =>
        new(Task.Run(() => AnswerAsync(key, run, needs), CancellationToken.None), time.GetTimestamp());

    private async Task<IReadOnlyList<(Need Need, Lookup Lookup)>> AnswerAsync(ObjectKey key, ContinualRun run, IReadOnlyCollection<Need> needs)
    {
        var answers = await Task.WhenAll(needs.Select(need => FindSharedAsync(key, run, need)));
        return [.. needs.Zip(answers)];
    }

    private async Task<Lookup> FindSharedAsync(ObjectKey key, ContinualRun run, Need need)
    {
        if (need is Need.TaskDigest generated && _generated.TryGetValue(generated.Uri, out var known))
        {
            return known;
        }

        if (need is not (Need.ModelDigest or Need.TaskDigest))
        {
            return await FindAsync(run, need);
        }

        var whose = $"{key.Namespace} {run.Spec.Storage.SecretRef?.Name}";
        var mine = new TaskCompletionSource<Lookup>(TaskCreationOptions.RunContinuationsAsynchronously);
        var underway = _underway.GetOrAdd((whose, need), mine.Task);
        if (underway != mine.Task)
        {
            return await underway;
        }

        var answer = await FindAsync(run, need);
        _underway.TryRemove((whose, need), out _);
        if (need is Need.TaskDigest task && answer.Value is not null && task.Uri.StartsWith("generated://", StringComparison.Ordinal) && _generated.Count < 10_000)
        {
            _generated[task.Uri] = answer;
        }

        mine.SetResult(answer);
        return answer;
    }

    /// <summary>Never fails: a run that waits for an answer must get one.</summary>
    private async Task<Lookup> FindAsync(ContinualRun run, Need need)
    {
        var uri = need switch { Need.ModelDigest model => model.Uri, Need.TaskDigest task => task.Uri, _ => null };
        var limit = uri is null ? _documents : _digests;
        OpenRunStorage? open = null;
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
            end.CancelAfter(s_longest);
            await limit.WaitAsync(end.Token);
            try
            {
                open = await storage.OpenAsync(run, run.Metadata.Namespace!, end.Token);
                var lookup = await open.Lookups(uri).FindAsync(need, end.Token);
                return lookup.Failure is { } failure ? Lookup.Failed(failure.Reason, open.Redact(failure.Message), failure.Permanent) : lookup;
            }
            finally
            {
                limit.Release();
            }
        }
        catch (StageFailureException failure)
        {
            return Lookup.Failed(failure.Reason, failure.Message, ExitCodes.IsPermanent(failure.ExitCode));
        }
        catch (Exception error)
        {
            var message = error is OperationCanceledException ? $"{uri ?? run.Spec.Storage.Uri}: was not read in time" : $"{uri ?? run.Spec.Storage.Uri}: {error.Message}";
            return Lookup.Failed(Reasons.StorageUnavailable, open?.Redact(message) ?? message, permanent: false);
        }
    }

    private async Task<bool> AnsweredSoonAsync(Task answers, CancellationToken cancellation)
    {
        if (!await _waiting.WaitAsync(0, cancellation))
        {
            return answers.IsCompleted;
        }

        try
        {
            await answers.WaitAsync(s_patience, time, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            _waiting.Release();
        }
    }

    private async Task WakeAsync(ObjectKey key, Task answers)
    {
        await answers;
        requeue.Enqueue(key);
    }
}

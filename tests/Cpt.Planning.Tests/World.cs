using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>
/// A cluster and a storage in memory, with a trainer that does what the contract says: commits steps and a final checkpoint, then scores. The planner
/// is driven through it exactly as an operator or a runner would drive it.
/// </summary>
internal sealed class World
{
    public const int StepsDue = 6;
    public const int CommitEvery = 2;

    private readonly Dictionary<string, CheckpointManifest> _finals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CheckpointManifest> _steps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EvaluationDocument> _evaluations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedJob> _jobs = new(StringComparer.Ordinal);

    public World(ContinualRun run) => Run = run;

    public ContinualRun Run { get; set; }

    public DateTimeOffset Now { get; set; } = A.Morning;

    public IReadOnlyDictionary<string, SimulatedJob> Jobs => _jobs;

    public IDictionary<string, CheckpointManifest> Finals => _finals;

    public IDictionary<string, EvaluationDocument> Evaluations => _evaluations;

    /// <summary>URIs that cannot be looked up, and why.</summary>
    public Dictionary<string, Lookup> Broken { get; } = new(StringComparer.Ordinal);

    /// <summary>All Jobs ever created, in order.</summary>
    public List<PlanAction.CreateJob> Created { get; } = [];

    public List<PlanAction> Done { get; } = [];

    /// <summary>What all steps so far said.</summary>
    public List<Explanation> Explained { get; } = [];

    /// <summary>Accuracy of a task (column) after a stage (row, empty for the base model).</summary>
    public Func<string, string, double> Accuracy { get; set; } = (after, task) => after == task ? 1 : after.Length == 0 ? 0.25 : 0.75;

    /// <summary>How many of a task's 100 evaluation samples stand in the evaluation, the first of them right; 0: no records.</summary>
    public int Records { get; set; }

    /// <summary>How far every stage moves the model, where drift is asked for.</summary>
    public double Drift { get; set; } = 0.125;

    public SimulatedJob? Live => _jobs.Values.SingleOrDefault(job => job.Seen.Live);

    public ContinualRunStatus Status => Run.Status!;

    public int Lookups { get; private set; }

    public Observation Observe()
    {
        var observation = new Observation { Run = Run, Jobs = [.. _jobs.Values.Select(job => job.Seen).Reverse()], Now = Now };
        while (Planner.Needs(observation) is { Count: > 0 } needs)
        {
            foreach (var need in needs)
            {
                Lookups++;
                observation = observation with { Artifacts = observation.Artifacts.With(need, LookUp(need)) };
            }
        }

        return observation;
    }

    public Plan Decide() => Planner.Decide(Observe());

    /// <summary>One reconcile: decide, and carry out what was decided.</summary>
    public Plan Step()
    {
        var plan = Decide();
        Explained.AddRange(plan.Explanations);
        foreach (var action in plan.Actions)
        {
            Do(action);
        }

        return plan;
    }

    /// <summary>Reconciles until nothing is left to do at this moment.</summary>
    public Plan Settle()
    {
        for (var round = 0; round < 20; round++)
        {
            var plan = Step();
            if (plan.Actions.Count == 0)
            {
                return plan;
            }
        }

        throw new InvalidOperationException("The planner does not come to rest.");
    }

    public void Do(PlanAction action)
    {
        Done.Add(action);
        switch (action)
        {
            case PlanAction.PersistStatus persist:
                Run = Run with { Status = persist.Status };
                break;
            case PlanAction.CreateJob create when !_jobs.ContainsKey(create.JobName):
                Assert.Null(Live);
                Assert.DoesNotContain(Created, earlier => earlier.JobName == create.JobName);
                Assert.Equal(create.EvaluateOnly, _finals.ContainsKey(create.Spec.StageHash));
                Created.Add(create);
                _jobs.Add(create.JobName, new SimulatedJob(create, A.Job(create, JobPhase.Pending) with { CreatedAt = Now }));
                break;
            case PlanAction.DeleteJob delete when _jobs.TryGetValue(delete.JobName, out var job):
                job.Seen = job.Seen with { Stopping = true };
                break;
        }
    }

    /// <summary>Trains the live Job to its end: every commit, every score.</summary>
    public void Train()
    {
        while (Live is { } job)
        {
            Advance(job);
        }
    }

    /// <summary>Runs the chain to its end with nothing going wrong.</summary>
    public Plan Finish()
    {
        for (var round = 0; round < 1000; round++)
        {
            var plan = Settle();
            if (plan.Outcome != RunOutcome.Active)
            {
                return plan;
            }

            if (Live is not null)
            {
                Train();
            }
            else
            {
                Now = plan.RequeueAt ?? throw new InvalidOperationException($"Nothing will ever happen: {plan.Status.Message}");
            }
        }

        throw new InvalidOperationException("The run does not end.");
    }

    /// <summary>The trainer does the next thing it has to do.</summary>
    public void Advance(SimulatedJob job)
    {
        Now = Now.AddSeconds(1);
        var spec = job.Made.Spec;
        if (job.Seen.Stopping)
        {
            Commit(job);
            End(job, ExitCodes.Stopped);
        }
        else if (job.Seen.Phase != JobPhase.Running)
        {
            job.Step = _steps.TryGetValue(spec.StageHash, out var resumed) ? resumed.Step : 0;
            job.Seen = job.Seen with { Phase = JobPhase.Running, StartedAt = Now, Progress = job.Progress(TrainerPhase.Training, Now) };
        }
        else if (!_finals.ContainsKey(spec.StageHash))
        {
            job.Step++;
            job.Seen = job.Seen with { Progress = job.Progress(TrainerPhase.Training, Now) };
            if (job.Step % CommitEvery == 0)
            {
                Commit(job);
            }
        }
        else if (spec.Evaluation.DriftPrompts > 0 && spec.Evaluation.Tasks.FirstOrDefault(task => _evaluations.GetValueOrDefault(spec.StageHash)?.Drift?.Any(score => score.Task == task.Name) != true) is { } drifted)
        {
            var row = _evaluations.GetValueOrDefault(spec.StageHash) ?? new EvaluationDocument { StageHash = spec.StageHash, ModelDigest = _finals[spec.StageHash].ModelDigest, Scores = [], CreatedAt = Now };
            _evaluations[spec.StageHash] = row with { Drift = [.. row.Drift ?? [], new DriftScore { Task = drifted.Name, TaskDigest = drifted.Digest, Kl = Drift, Prompts = spec.Evaluation.DriftPrompts, Tokens = 10 }] };
        }
        else if (NextScore(spec) is var (hash, model, kind, after, task))
        {
            job.Seen = job.Seen with { Progress = job.Progress(TrainerPhase.Evaluating, Now) };
            Score(hash, model, kind, after, task);
        }
        else
        {
            End(job, ExitCodes.Done);
        }
    }

    public void End(SimulatedJob job, int? exitCode, params string[] reasons) => job.Seen = job.Seen with
    {
        Phase = exitCode == ExitCodes.Done ? JobPhase.Succeeded : JobPhase.Failed,
        Progress = null,
        ExitCode = exitCode,
        Reasons = reasons,
        FinishedAt = Now,
    };

    public void Remove(string job) => _jobs.Remove(job);

    private void Commit(SimulatedJob job)
    {
        var spec = job.Made.Spec;
        if (job.Step == 0)
        {
            return;
        }

        var final = job.Step >= StepsDue;
        var manifest = new CheckpointManifest
        {
            Kind = final ? CheckpointKind.Final : CheckpointKind.Step,
            StageHash = spec.StageHash,
            Namespace = spec.Namespace,
            Run = spec.Run,
            Stage = spec.Stage,
            Attempt = spec.Attempt,
            Step = job.Step,
            StepsDue = StepsDue,
            ModelDigest = A.Digest($"{spec.StageHash}@{job.Step}"),
            Files = [],
            CreatedAt = Now,
        };

        // A commit is made once, whoever makes it.
        if (final)
        {
            _finals.TryAdd(spec.StageHash, manifest);
        }
        else if (!_steps.TryGetValue(spec.StageHash, out var newest) || newest.Step < job.Step)
        {
            _steps[spec.StageHash] = manifest;
        }
    }

    private (string Hash, string Model, ScoreKind Kind, string After, TaskInput Task)? NextScore(StageSpec spec)
    {
        var evaluation = spec.Evaluation;
        var baseline = Digests.BaselineHash(spec.BaseModel.Digest);
        IEnumerable<(string, string, ScoreKind, string, TaskInput)> due =
        [
            .. evaluation.BaselineTasks.Select(task => (baseline, spec.BaseModel.Digest, ScoreKind.Task, "", task)),
            .. evaluation.Baseline ? evaluation.Benchmarks.Select(task => (baseline, spec.BaseModel.Digest, ScoreKind.Benchmark, "", task)) : [],
            .. evaluation.Tasks.Select(task => (spec.StageHash, _finals[spec.StageHash].ModelDigest, ScoreKind.Task, spec.Stage, task)),
            .. evaluation.Benchmarks.Select(task => (spec.StageHash, _finals[spec.StageHash].ModelDigest, ScoreKind.Benchmark, spec.Stage, task)),
        ];
        foreach (var score in due)
        {
            var (hash, _, kind, _, task) = score;
            if (!_evaluations.TryGetValue(hash, out var known) || !known.Scores.Any(one => one.Kind == kind && one.Task == task.Name && one.TaskDigest == task.Digest))
            {
                return score;
            }
        }

        return null;
    }

    private void Score(string hash, string model, ScoreKind kind, string after, TaskInput task)
    {
        var known = _evaluations.GetValueOrDefault(hash) ?? new EvaluationDocument { StageHash = hash, ModelDigest = model, Scores = [], CreatedAt = Now };
        var score = new TaskScore { Task = task.Name, Kind = kind, TaskDigest = task.Digest, Accuracy = Accuracy(after, task.Name), Samples = 100 };
        if (Records > 0)
        {
            var right = (int)Math.Round(score.Accuracy * Records);
            score = score with { Samples = Records, Records = [.. Enumerable.Range(0, Records).Select(i => new SampleRecord($"s{i}", i < right ? 1 : 0, "…"))] };
        }

        _evaluations[hash] = known with { Scores = [.. known.Scores, score], CreatedAt = Now };
    }

    private Lookup LookUp(Need need) => need switch
    {
        Need.ModelDigest { Uri: var uri } => Broken.GetValueOrDefault(uri) ?? Lookup.Digest(A.Digest(uri)),
        Need.TaskDigest { Uri: var uri } => Broken.GetValueOrDefault(uri) ?? Lookup.Digest(A.Digest(uri)),
        Need.FinalManifest { StageHash: var hash } => Broken.GetValueOrDefault("storage") ?? Lookup.Manifest(_finals.GetValueOrDefault(hash)),
        Need.NewestStep { StageHash: var hash } => Broken.GetValueOrDefault("storage") ?? Lookup.Manifest(_steps.GetValueOrDefault(hash)),
        Need.Evaluation { StageHash: var hash } => Broken.GetValueOrDefault("storage") ?? Lookup.Evaluation(_evaluations.GetValueOrDefault(hash)),
        Need.Records { StageHash: var hash } => Broken.GetValueOrDefault("records") ?? Lookup.Evaluation(_evaluations.GetValueOrDefault(hash)),
        _ => throw new InvalidOperationException($"{need} is not known here"),
    };
}

internal sealed class SimulatedJob(PlanAction.CreateJob made, ObservedJob seen)
{
    public PlanAction.CreateJob Made { get; } = made;

    public ObservedJob Seen { get; set; } = seen;

    public int Step { get; set; }

    public StageProgress Progress(TrainerPhase phase, DateTimeOffset now) =>
        new() { Stage = Made.Spec.Stage, Attempt = Made.Spec.Attempt, Phase = phase, Step = Step, Steps = World.StepsDue, UpdatedAt = now };
}

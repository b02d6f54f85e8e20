using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Tests;

/// <summary>A cluster with one study: carries plans out, and plays what becomes of its runs.</summary>
internal sealed class StudyWorld
{
    private readonly Dictionary<string, ContinualRun> _runs = new(StringComparer.Ordinal);

    public StudyWorld(string spec = Three) => Study = Read(spec);

    /// <summary>Three variants that share their first stage, and two seeds.</summary>
    public const string Three = """
        seeds: [1, 2]
          concurrency: 2
          baseline: sft
          variants:
          - {name: sft}
          - {name: slow, patch: {stages: [{name: half, parameters: {learningRate: "1e-6"}}]}}
          - {name: grpo, patch: {stages: [{name: "*", method: RFT}]}}
        """;

    public ContinualStudy Study { get; set; }

    public DateTimeOffset Now { get; set; } = A.Morning;

    public StudyPlan Last { get; private set; } = null!;

    public ContinualStudyStatus Status => Study.Status!;

    public IReadOnlyDictionary<string, ContinualRun> Runs => _runs;

    /// <summary>Names of what was created, in order.</summary>
    public List<string> Created { get; } = [];

    public static ContinualStudy Read(string spec) => ManifestReader.ReadStudy($$$"""
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualStudy
        metadata: {name: demo, namespace: ml}
        spec:
          {{{spec}}}
          base:
            baseModel: {uri: bundled://models/tiny}
            storage: {uri: "pvc://checkpoints/demo"}
            stages:
            - {name: parity, method: SFT, task: {uri: "generated://digits/parity?seed=1"}}
            - {name: half, method: SFT, task: {uri: "generated://digits/half?seed=1"}}
        """, "study.yaml") is var study ? study with { Metadata = study.Metadata with { Generation = 1, Uid = "u" } } : null!;

    public StudyWorld Step()
    {
        var wanted = StudyValidator.Expand(Study, out var errors);
        Last = StudyPlanner.Decide(new StudyObservation { Study = Study, Wanted = wanted, Errors = errors, Runs = [.. _runs.Values.Select(run => new ObservedRun(run, run.Metadata.Uid != "stranger"))], Now = Now });
        foreach (var action in Last.Actions)
        {
            switch (action)
            {
                case StudyAction.PersistStatus persist:
                    Study = Study with { Status = persist.Status };
                    break;
                case StudyAction.CreateRun create:
                    Assert.True(_runs.TryAdd(create.Run.Metadata.Name, create.Run with { Metadata = create.Run.Metadata with { Generation = 1 } }));
                    Created.Add(create.Run.Metadata.Name);
                    break;
                case StudyAction.UpdateRun update:
                    var before = _runs[update.Run.Metadata.Name];
                    _runs[update.Run.Metadata.Name] = update.Run with { Status = before.Status, Metadata = update.Run.Metadata with { Generation = before.Metadata.Generation + 1 } };
                    break;
                case StudyAction.DeleteRun delete:
                    Assert.True(_runs.Remove(delete.Name));
                    break;
            }
        }

        return this;
    }

    /// <summary>Until nothing is left to do.</summary>
    public StudyWorld Settle()
    {
        for (var i = 0; i < 50; i++)
        {
            Step();
            if (Last.Actions.Count == 0)
            {
                return this;
            }
        }

        throw new InvalidOperationException($"it never rests: {string.Join(", ", Last.Actions)}");
    }

    public StudyWorld Change(Func<ContinualStudySpec, ContinualStudySpec> change)
    {
        Study = Study with { Spec = change(Study.Spec), Metadata = Study.Metadata with { Generation = Study.Metadata.Generation + 1 } };
        return this;
    }

    public StudyWorld Stranger(string name)
    {
        _runs[name] = StudyValidator.Expand(Study, out _)[0].Run is var run ? run with { Metadata = new ObjectMeta { Name = name, Uid = "stranger" } } : null!;
        return this;
    }

    public StudyWorld StagesDone(string name, int stages) => Say(name, ConditionStatus.Unknown, Reasons.Running, stages);

    public StudyWorld Suspended(string name) => Say(name, ConditionStatus.Unknown, Reasons.Suspended, 0);

    public StudyWorld Fail(string name) => Say(name, ConditionStatus.False, Reasons.StageFailed, 0);

    public StudyWorld Succeed(string name, double accuracy = 90, double forgetting = -1) => Say(name, ConditionStatus.True, Reasons.AllStagesFinished, 2, accuracy, forgetting);

    private StudyWorld Say(string name, string status, string reason, int stages, double? accuracy = null, double? forgetting = null)
    {
        var run = _runs[name];
        _runs[name] = run with
        {
            Status = new ContinualRunStatus
            {
                Conditions = [new Condition { Type = ConditionTypes.Succeeded, Status = status, Reason = reason, ObservedGeneration = run.Metadata.Generation, LastTransitionTime = Now }],
                Reason = reason,
                Stages = [.. run.Spec.Stages.Select((stage, index) => new StageStatus { Name = stage.Name, Method = stage.Method, State = index < stages ? StageState.Succeeded : StageState.Waiting })],
                AverageAccuracy = accuracy?.ToString("0.00", CultureInfo.InvariantCulture),
                Forgetting = forgetting?.ToString("0.00", CultureInfo.InvariantCulture),
            },
        };
        return this;
    }
}

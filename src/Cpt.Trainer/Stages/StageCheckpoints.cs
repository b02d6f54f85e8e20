using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Storage;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Workers;
using Cpt.Training;

namespace Cpt.Trainer.Stages;

/// <summary>
/// Writes the checkpoints of one stage: model, optimizer and trainer state in intermediate ones, model and curves in the final one. While a LoRA is trained an intermediate
/// checkpoint has the adapter instead of the model; the final one has the model with the adapter added in, which the next stage and every reader of models loads, and the adapter beside it.
/// Of several workers the first writes, and the others wait until it has; what is written does not tell how many they were.
/// </summary>
internal sealed class StageCheckpoints(StageSpec spec, CheckpointStore store, WorkDirectory work, StageReporter reporter, TrainerMetrics metrics, TimeProvider time,
    WorkerSession? session)
{
    public const string OptimizerFile = "trainer/optimizer.safetensors";
    public const string StateFile = "trainer/state.json";
    public const string CurvesFile = "training.jsonl";
    public const string InstancesFile = "instances.jsonl";
    public const string AdapterDirectory = "adapter";

    /// <summary>Digests of the models this stage starts from, input first.</summary>
    public IReadOnlyList<string> Parents { get; init; } = [];

    /// <summary>What the stage learns from, where it chose; null: all.</summary>
    public InstanceSelection? Chosen { get; init; }

    /// <summary>What it chose from.</summary>
    public IReadOnlyList<Sample> Instances { get; init; } = [];

    /// <summary>Newest committed step; 0 before the first.</summary>
    public int CommittedStep { get; private set; }

    /// <summary>Commits an intermediate checkpoint and lets go of old ones.</summary>
    public async Task CommitStepAsync(CausalLM policy, IStageLoop loop, CancellationToken cancellationToken)
    {
        var committed = await CommitAsync(CheckpointKind.Step, policy, loop, cancellationToken);
        CommittedStep = committed.Step;
        reporter.Update(progress => progress with { CheckpointStep = committed.Step });
        reporter.Checkpoint(string.Create(CultureInfo.InvariantCulture, $"step {committed.Step} of {committed.StepsDue} is committed"));
        // Who ends now ends all: nobody may before all know what is committed.
        session?.Group.Barrier();
    }

    /// <summary>Commits the stage's result.</summary>
    /// <exception cref="StageFailureException">70: steps are missing.</exception>
    public async Task<CheckpointManifest> CommitFinalAsync(CausalLM policy, IStageLoop loop, CancellationToken cancellationToken)
    {
        if (loop.Step != loop.StepsDue && !loop.StoppedEarly)
        {
            throw new StageFailureException(ExitCodes.Internal, "StepsMissing",
                $"stage {spec.Stage}: {loop.Step} steps are done, {loop.StepsDue} are due; its final checkpoint is not committed");
        }

        var final = await CommitAsync(CheckpointKind.Final, policy, loop, cancellationToken);
        reporter.Update(progress => progress with { CheckpointStep = final.Step });
        reporter.Checkpoint(string.Create(CultureInfo.InvariantCulture, $"the final checkpoint is committed after {final.Step} steps: {final.ModelDigest}"));
        return final;
    }

    /// <summary>
    /// Puts the newest checkpoint that is whole into a loop, passing over damaged ones with a warning. Null when there is none; <paramref name="build"/> then
    /// has to be called with the stage's input.
    /// </summary>
    /// <param name="build">Makes policy and loop from a model directory.</param>
    /// <param name="input">The directory of the stage's input, beside which a checkpoint without a model is read.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<PolicyTraining?> ResumeAsync(Func<string, PolicyTraining> build, Func<Task<string>> input, CancellationToken cancellationToken)
    {
        foreach (var manifest in await store.ListStepsAsync(spec.StageHash, cancellationToken))
        {
            PolicyTraining? training = null;
            try
            {
                var directory = await BringAsync(manifest, cancellationToken);
                training = build(spec.Training.Lora is null ? directory : await input());
                if (training.Policy.Model.Adapter is { } adapter)
                {
                    LoraFiles.LoadInto(adapter, Path.Combine(directory, AdapterDirectory));
                }

                Load(training.Loop, directory);
                CommittedStep = manifest.Step;
                session?.Group.Barrier();
                if (IsFirstOfNode)
                {
                    Directory.Delete(directory, recursive: true);
                }

                reporter.Resumed(string.Create(CultureInfo.InvariantCulture, $"continuing from step {manifest.Step} of {manifest.StepsDue}, committed by attempt {manifest.Attempt}"));
                return training;
            }
            catch (Exception error) when (error is ModelFormatException or FileNotFoundException or StageFailureException { ExitCode: ExitCodes.BadData or ExitCodes.InputNotFound })
            {
                training?.Dispose();
                reporter.Warning(string.Create(CultureInfo.InvariantCulture, $"the checkpoint of step {manifest.Step} is passed over: {error.Message}"));
            }
        }

        return null;
    }

    private bool IsFirstOfNode => session is null or { Place.LocalRank: 0 };

    /// <summary>Once a node. A checkpoint that one node cannot read is passed over by all.</summary>
    private async Task<string> BringAsync(CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        var directory = IsFirstOfNode ? work.Empty(Name("resume")) : work.Of(Name("resume"));
        StageFailureException? damaged = null;
        if (IsFirstOfNode)
        {
            try
            {
                await store.DownloadAsync(manifest, directory, [FileRole.Model, FileRole.State], new TransferHeartbeat(reporter), cancellationToken);
            }
            catch (StageFailureException error) when (session is not null && error.ExitCode is ExitCodes.BadData or ExitCodes.InputNotFound)
            {
                damaged = error;
            }
        }

        if (session is not null && session.Group.AnyOf(damaged is not null))
        {
            throw damaged ?? new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", "another worker cannot read it");
        }

        return directory;
    }

    private static void Load(IStageLoop loop, string directory)
    {
        try
        {
            var state = JsonNode.Parse(File.ReadAllBytes(Path.Combine(directory, StateFile)))!.AsObject();
            using var scope = torch.NewDisposeScope();
            loop.LoadState(state, TensorFile.Read(Path.Combine(directory, OptimizerFile)));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"{StateFile} is not the state of a trainer: {error.Message}", error);
        }
    }

    private async Task<CheckpointManifest> CommitAsync(CheckpointKind kind, CausalLM policy, IStageLoop loop, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        reporter.Update(progress => progress with { Phase = TrainerPhase.Committing });
        // All workers hold a part of it.
        var optimizer = kind == CheckpointKind.Step ? loop.OptimizerState() : null;
        var manifest = await Shared.FromFirstAsync(session?.Group, async () => await WriteAsync(kind, policy, loop, optimizer, cancellationToken), ContractJson.Default.CheckpointManifest);
        if (session is not null)
        {
            if (kind == CheckpointKind.Final && policy.Adapter is not null)
            {
                // As the first has done while it wrote: all score what is committed.
                policy.MergeAdapter();
            }

            // Copies, made for this checkpoint.
            foreach (var tensor in optimizer?.Values ?? [])
            {
                tensor.Dispose();
            }
        }

        metrics.CheckpointTime.Record(time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        metrics.CheckpointBytes.Record(manifest!.Files.Sum(file => file.Size));
        metrics.CheckpointCommitSeconds.Record(time.GetElapsedTime(started).TotalSeconds);
        return manifest;
    }

    private async Task<CheckpointManifest?> WriteAsync(
        CheckpointKind kind, CausalLM policy, IStageLoop loop, IReadOnlyDictionary<string, Tensor>? optimizer, CancellationToken cancellationToken)
    {
        var directory = work.Empty(Name("commit"));
        var sources = Write(directory, kind, policy, loop, optimizer);
        var newest = loop.History.Points.Count > 0 ? loop.History.Points[^1] : null;
        var manifest = await store.CommitAsync(
            new CheckpointManifest
            {
                Kind = kind,
                StageHash = spec.StageHash,
                Namespace = spec.Namespace,
                Run = spec.Run,
                Stage = spec.Stage,
                Attempt = spec.Attempt,
                Step = loop.Step,
                StepsDue = loop.StepsDue,
                StoppedEarly = loop.StoppedEarly,
                ModelDigest = "",
                Files = [],
                Parents = Parents,
                Metrics = Metrics(newest, loop.Tokens),
                TrainerVersion = TrainerProcess.Version,
                CreatedAt = time.GetUtcNow(),
            },
            sources, new TransferHeartbeat(reporter), cancellationToken);
        Directory.Delete(directory, recursive: true);
        if (kind == CheckpointKind.Step)
        {
            await store.ApplyRetentionAsync(spec.StageHash, spec.Checkpoint.Keep, cancellationToken);
        }

        return manifest;
    }

    private List<CheckpointSource> Write(string directory, CheckpointKind kind, CausalLM policy, IStageLoop loop, IReadOnlyDictionary<string, Tensor>? optimizer)
    {
        var sources = new List<CheckpointSource>();
        if (policy.Adapter is { } adapter)
        {
            LoraFiles.Save(adapter, Path.Combine(directory, AdapterDirectory), spec.Input.Uri);
            var role = kind == CheckpointKind.Step ? FileRole.State : FileRole.Artifact;
            sources.AddRange(((string[])[LoraFiles.ConfigName, LoraFiles.WeightsName]).Select(name =>
                new CheckpointSource($"{AdapterDirectory}/{name}", Path.Combine(directory, AdapterDirectory, name), role)));
        }

        if (kind == CheckpointKind.Final && policy.Adapter is not null)
        {
            // In memory, too: what is scored after this is what is committed.
            policy.MergeAdapter();
        }

        if (policy.Adapter is null)
        {
            policy.Save(directory);
            sources.AddRange(CheckpointSource.Model(directory));
        }

        if (optimizer is not null)
        {
            Directory.CreateDirectory(Path.Combine(directory, Path.GetDirectoryName(StateFile)!));
            TensorFile.Write(Path.Combine(directory, OptimizerFile), optimizer);
            File.WriteAllText(Path.Combine(directory, StateFile), loop.SaveState().ToJsonString());
            sources.Add(new CheckpointSource(OptimizerFile, Path.Combine(directory, OptimizerFile), FileRole.State));
            sources.Add(new CheckpointSource(StateFile, Path.Combine(directory, StateFile), FileRole.State));
        }

        File.WriteAllLines(Path.Combine(directory, CurvesFile), loop.History.ToJson()["points"]!.AsArray().Select(point => point!.ToJsonString()));
        sources.Add(new CheckpointSource(CurvesFile, Path.Combine(directory, CurvesFile), FileRole.Artifact));
        if (kind == CheckpointKind.Final && Chosen is { } chosen)
        {
            var path = Path.Combine(directory, InstancesFile);
            File.WriteAllLines(path, Instances.Select((sample, i) => new JsonObject { ["id"] = sample.Id, ["solved"] = chosen.Solved[i], ["kept"] = chosen.IsKept[i] }.ToJsonString()));
            sources.Add(new CheckpointSource(InstancesFile, path, FileRole.Artifact));
        }

        return sources;
    }

    private Dictionary<string, double> Metrics(MetricsPoint? newest, long tokens)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal) { [StageMetrics.Tokens] = tokens };
        if (Chosen is { } chosen)
        {
            values[StageMetrics.Instances] = chosen.Instances;
            values[StageMetrics.InstancesKept] = chosen.Kept;
            values[StageMetrics.KeptFraction] = Math.Round(chosen.KeptFraction, 6);
            values[StageMetrics.NeverSolved] = chosen.NeverSolved;
            values[StageMetrics.AlwaysSolved] = chosen.AlwaysSolved;
            values[StageMetrics.SolvedRate] = Math.Round(chosen.SolvedRate, 6);
            values[StageMetrics.InstanceTokens] = chosen.Tokens;
        }

        foreach (var (name, value) in new[] { ("loss", newest?.Loss), ("gradientNorm", newest?.GradientNorm), ("reward", newest?.Reward), ("kl", newest?.Kl), ("stopAccuracy", newest?.StopAccuracy) })
        {
            if (value is { } known)
            {
                values[name] = known;
            }
        }

        return values;
    }

    private string Name(string purpose) => $"{purpose}-{spec.StageHash[..12]}";
}

using System.Diagnostics;
using System.Globalization;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Training;

namespace Cpt.Cli.Commands;

/// <summary>One pretraining: trains, writes, scores every skill.</summary>
internal sealed class Pretraining
{
    private const int EvaluationSamples = 256;

    public required ModelConfig Config { get; init; }

    public required ICorpus Corpus { get; init; }

    public required PretrainingOptions Options { get; init; }

    public required long Seed { get; init; }

    /// <summary>Type of the weights on disk; they are trained in float32.</summary>
    public required ScalarType SaveAs { get; init; }

    public required string Output { get; init; }

    public void Run(TextWriter output, CancellationToken cancellationToken)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Config.ParameterCount:N0} parameters, {Options.Steps} steps of {Corpus.BatchSize} demonstrations"));
        using var model = CausalLM.Create(Config, unchecked((ulong)Seed));
        model.Companions = PretrainingPresets.Companions(Config);
        Directory.CreateDirectory(Output);
        // Written first: a directory that cannot be written to is better known before the training than after it.
        model.Save(Output, SaveAs);
        var tokenizer = Tokenizer.Load(Output);
        Train(model, tokenizer, output, cancellationToken);
        model.Save(Output, SaveAs);
        output.WriteLine($"wrote {Output}");
        Score(model, tokenizer, output, cancellationToken);
    }

    private void Train(CausalLM model, Tokenizer tokenizer, TextWriter output, CancellationToken cancellationToken)
    {
        using var pretrainer = new Pretrainer(model, tokenizer, Corpus.Batch, Options);
        var clock = Stopwatch.StartNew();
        var tokens = 0L;
        var every = Console.IsOutputRedirected ? Math.Max(1, Options.Steps / 20) : Math.Max(1, Options.Steps / 200);
        while (!pretrainer.Finished)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var report = pretrainer.RunStep();
            tokens += report.Tokens;
            if (report.Step % every != 0 && !pretrainer.Finished) continue;
            var seconds = clock.Elapsed.TotalSeconds;
            var left = seconds / report.Step * (report.StepsDue - report.Step);
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"step {report.Step}/{report.StepsDue}  loss {report.Loss:F4}  lr {report.LearningRate:0.0e+0}  {tokens / seconds:N0} tokens/s  {seconds:F0} s, {left:F0} s left");
            if (Console.IsOutputRedirected) output.WriteLine(line);
            else output.Write($"\r{line}   " + (pretrainer.Finished ? "\n" : ""));
        }
    }

    private void Score(CausalLM model, Tokenizer tokenizer, TextWriter output, CancellationToken cancellationToken)
    {
        output.WriteLine("skill       greedy  sampled (temperature 1)");
        foreach (var uri in Corpus.Tasks)
        {
            var task = TaskLoader.Load(string.Create(CultureInfo.InvariantCulture, $"{uri}?seed={(ulong)Seed & int.MaxValue}&eval={EvaluationSamples}"));
            var settings = new EvaluationSettings { MaxResponseTokens = task.Eval.Max(sample => tokenizer.Encode(sample.Answer).Length) + 1 };
            var greedy = new Evaluator(model, tokenizer, settings).Score(task, ScoreKind.Task, null, cancellationToken).Accuracy;
            var sampled = new Evaluator(model, tokenizer, settings with { Temperature = 1, Seed = unchecked((ulong)Seed) }).Score(task, ScoreKind.Task, null, cancellationToken).Accuracy;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{task.Name,-10} {greedy,7:F3} {sampled,8:F3}"));
        }
    }
}

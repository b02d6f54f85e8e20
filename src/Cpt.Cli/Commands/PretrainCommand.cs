using System.CommandLine;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Training;

namespace Cpt.Cli.Commands;

/// <summary>
/// <c>cpt pretrain --config digits --corpus digits --steps 1500 --output DIR</c>, or <c>--config vision --corpus pictures</c> or <c>study</c>: trains a small base model from random weights and writes a Hugging
/// Face directory. Equal arguments on equal machines give equal files.
/// </summary>
internal static class PretrainCommand
{
    private const string Digits = "digits", Pictures = "pictures", Study = "study";

    public static Command Create()
    {
        var config = new Option<string>("--config") { Description = $"A config.json, or a preset: {string.Join(", ", PretrainingPresets.Names)}", DefaultValueFactory = _ => PretrainingPresets.Digits, HelpName = "FILE|PRESET" };
        var corpus = new Option<string>("--corpus") { Description = "What is learned: digits, or for a model with images pictures or study", DefaultValueFactory = _ => Digits, HelpName = "NAME" };
        corpus.AcceptOnlyFromAmong(Digits, Pictures, Study);
        var steps = new Option<int>("--steps") { Description = "Optimizer steps", DefaultValueFactory = _ => 1500, HelpName = "N" };
        var batch = new Option<int>("--batch") { Description = "Demonstrations of each skill in a step", DefaultValueFactory = _ => 32, HelpName = "N" };
        var seed = new Option<long>("--seed") { Description = "Of weights and corpus", DefaultValueFactory = _ => 0, HelpName = "N" };
        var rate = new Option<double>("--lr") { Description = "Peak learning rate of AdamW; warm-up, then cosine", DefaultValueFactory = _ => 1e-3, HelpName = "RATE" };
        var valid = new Option<double>("--valid") { Description = "Chance to be right of each digit of a new task's demonstration, or of an answer to a picture, 0..1", DefaultValueFactory = _ => 0.75, HelpName = "P" };
        var threads = new Option<int?>("--threads") { Description = "Cores to use (default: all)", HelpName = "N" };
        var saveAs = new Option<string>("--save-as") { Description = "Type of the weights on disk; they are trained in float32", DefaultValueFactory = _ => "float32", HelpName = "float32|bfloat16" };
        saveAs.AcceptOnlyFromAmong("float32", "bfloat16");
        var output = new Option<DirectoryInfo>("--output") { Description = "Where the model directory is written", Required = true, HelpName = "DIR" };
        NumberOption.Whole(steps, 1);
        NumberOption.Whole(batch, 1);
        NumberOption.Whole(seed, long.MinValue);
        NumberOption.Whole(threads, 1);
        NumberOption.Between(rate, 0, 1);
        NumberOption.Between(valid, 0, 1);
        var command = new Command("pretrain", "Train a small base model from random weights") { config, corpus, steps, batch, seed, rate, valid, threads, saveAs, output };
        command.SetAction((result, cancellation) => Task.FromResult(Reporting(result, @out =>
        {
            if (result.GetValue(threads) is { } count) torch.set_num_threads(Math.Max(1, count));
            var (drawn, perTask, chance) = (unchecked((ulong)result.GetValue(seed)), result.GetValue(batch), result.GetValue(valid));
            var run = new Pretraining
            {
                Config = ConfigOf(result.GetRequiredValue(config)),
                Corpus = result.GetValue(corpus) switch
                {
                    Pictures => new PicturesCorpus(drawn, perTask, chance),
                    Study => new StudyCorpus(drawn, perTask, chance),
                    _ => new DigitsCorpus(drawn, perTask, chance),
                },
                SaveAs = result.GetValue(saveAs) == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32,
                Options = new PretrainingOptions { Steps = result.GetValue(steps), LearningRate = result.GetValue(rate) },
                Seed = result.GetValue(seed),
                Output = result.GetRequiredValue(output).FullName,
            };
            run.Run(@out, cancellation);
            return ExitCodes.Done;
        })));
        return command;
    }

    private static ModelConfig ConfigOf(string name)
    {
        if (PretrainingPresets.Find(name) is { } preset) return preset;
        if (!File.Exists(name))
            throw new StageFailureException(ExitCodes.InputNotFound, "NotFound", $"--config {name}: neither a file nor a preset; presets are {string.Join(", ", PretrainingPresets.Names)}");
        return ModelConfig.Read(name);
    }

    private static int Reporting(ParseResult result, Func<TextWriter, int> body)
    {
        var error = result.InvocationConfiguration.Error;
        try
        {
            return body(result.InvocationConfiguration.Output);
        }
        catch (StageFailureException failure)
        {
            error.WriteLine("error: " + failure.Message);
            return failure.ExitCode;
        }
        catch (ModelFormatException wrong)
        {
            error.WriteLine("error: " + wrong.Message);
            return ExitCodes.BadData;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            error.WriteLine("error: " + failed.Message);
            return ExitCodes.StorageUnavailable;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("stopped; no model was trained to its end");
            return ExitCodes.Stopped;
        }
    }
}

using System.CommandLine;
using Cpt.Cli.Memory;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Training;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt model plan</c>: whether a way of training fits a GPU, before one is paid for.</summary>
internal static class ModelPlanCommand
{
    /// <summary>Rollouts that the trainer samples side by side at most: two threads with 256 rows each.</summary>
    private const int MostRollouts = 512;

    public static Command Create()
    {
        var model = RunOptions.NotEmpty(new Option<string?>("--model", "-m") { Description = "A Hugging Face directory; only its config.json is read", HelpName = "DIR" });
        var shape = new Option<string?>("--shape") { Description = "A published shape instead: " + string.Join(", ", PlanShapes.All.Keys), HelpName = "NAME" };
        shape.AcceptOnlyFromAmong([.. PlanShapes.All.Keys]);
        var method = new Option<StageMethod>("--method") { Description = "SFT or RFT", HelpName = "METHOD", DefaultValueFactory = _ => StageMethod.SFT };
        method.AcceptOnlyFromAmong("SFT", "RFT");
        var memory = new Option<string?>("--gpu-memory") { Description = "What one GPU has, such as 80Gi; without it nothing is judged", HelpName = "QUANTITY" };
        memory.Validators.Add(found =>
        {
            if (found.Tokens is [var token] && ByteQuantity.Parse(token.Value) is null)
            {
                found.AddError($"--gpu-memory: {token.Value} is no amount of memory; use one such as 80Gi, 81559Mi or 24G");
            }
        });
        var batch = Number("--batch", "parameters.batchSize: samples, or prompts, of a step", 64, 1);
        var micro = Number("--micro-batch", "parameters.microBatchSize: sequences a pass; 0 = as many as 16,384 tokens hold", 0, 0);
        var context = Number("--context", "parameters.maxSequenceTokens: prompt and answer", 512, 2);
        var response = Number("--response", "Tokens of an answer (rft.maxResponseTokens), at most the context less one", 256, 1);
        var group = Number("--group", "rft.groupSize: rollouts a prompt", 8, 2);
        var images = Number("--images", "Images of a sequence", 0, 0);
        var imageTokens = Number("--image-tokens", "Tokens of an image", 256, 1);
        var workers = Number("--workers", "Workers that share the optimizer's state (ZeRO-1)", 1, 1);
        var precision = new Option<string>("--precision") { Description = Precision.Choices, HelpName = "PRECISION", DefaultValueFactory = _ => Precision.Float32 };
        precision.AcceptOnlyFromAmong([.. Precision.All]);
        var lora = NumberOption.Whole(new Option<int?>("--lora") { Description = "Trains a LoRA of this rank on every linear layer of the decoder", HelpName = "RANK" }, 1);
        var checkpointing = new Option<bool>("--gradient-checkpointing") { Description = "parameters.gradientCheckpointing" };
        var offload = new Option<bool>("--offload-optimizer") { Description = "parameters.offloadOptimizer" };
        var reference = new Option<bool>("--kl-reference") { Description = "A second model is held for the KL term; a LoRA needs none where the reference is the stage's input" };
        var format = ModelCommand.OutputOption();
        var command = new Command("plan", "Say what training takes of a GPU, whether it fits, and what would help")
        {
            model, shape, method, memory, precision, lora, batch, micro, context, response, group, images, imageTokens, checkpointing, offload, reference, workers, format,
        }.WithExamples("""
            No weight is read and no GPU is needed. docs/models.md has the formulas, and how far measured peaks were from them.

              cpt model plan --shape qwen2.5-7b --method RFT --gpu-memory 80Gi
              cpt model plan --model DIR --method SFT --gpu-memory 24Gi --precision bfloat16-master --lora 16 --gradient-checkpointing -o json

            Exit codes: 0 it fits, or --gpu-memory was not given; 1 it does not fit; 64 the command line is wrong; 65 config.json is wrong; 66 there is none.
            """);
        command.Validators.Add(found =>
        {
            if (found.GetResult(model) is null == found.GetResult(shape) is null)
            {
                found.AddError("give either --model DIR or --shape NAME");
            }
        });
        command.SetAction(result => ModelCommand.Reporting(result, output =>
        {
            var config = result.GetValue(shape) is { } name ? PlanShapes.All[name] : Load(result.GetValue(model)!);
            var (length, rft) = (result.GetValue(context), result.GetValue(method) == StageMethod.RFT);
            var sequences = rft ? (long)result.GetValue(batch) * result.GetValue(group) : result.GetValue(batch);
            var pass = result.GetValue(micro) is > 0 and var given ? given : Math.Max(1, 16384 / length);
            var plan = MemoryPlan.Of(new MemoryQuestion
            {
                Model = config,
                Method = result.GetValue(method),
                Precision = result.GetRequiredValue(precision),
                Lora = result.GetValue(lora) is { } rank ? new LoraOptions { Rank = rank, Alpha = 2 * rank } : null,
                MicroBatch = (int)Math.Min(sequences, pass),
                Passes = (int)Math.Min(int.MaxValue, (sequences + pass - 1) / pass),
                Context = length,
                ResponseTokens = Math.Min(result.GetValue(response), length - 1),
                Images = config.Vision is null ? 0 : result.GetValue(images),
                ImageTokens = result.GetValue(imageTokens),
                Rollouts = rft ? (int)Math.Min(sequences, MostRollouts) : 0,
                Reference = rft && result.GetValue(reference),
                Checkpointing = result.GetValue(checkpointing),
                Offload = result.GetValue(offload),
                Workers = result.GetValue(workers),
            }, result.GetValue(memory) is { } amount ? ByteQuantity.Parse(amount) : null);
            var title = result.GetValue(shape) ?? result.GetValue(model)!;
            if (result.GetValue(format) == "json")
            {
                ModelCommand.WriteJson(output, json => MemoryPlanText.Json(json, plan, title));
            }
            else
            {
                output.Write(MemoryPlanText.Of(plan, title));
            }

            return plan.Fits == false ? 1 : 0;
        }));
        return command;
    }

    private static ModelConfig Load(string directory) =>
        Directory.Exists(directory) ? ModelConfig.Load(directory) : throw new DirectoryNotFoundException($"{directory}: no such directory");

    private static Option<int> Number(string name, string description, int otherwise, int least) =>
        NumberOption.Whole(new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise }, least);
}

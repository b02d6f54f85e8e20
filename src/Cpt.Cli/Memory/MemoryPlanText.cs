using System.Globalization;
using System.Text;
using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Cli.Memory;

/// <summary>A plan for people, and for scripts.</summary>
internal static class MemoryPlanText
{
    public static string Of(MemoryPlan plan, string model)
    {
        var (question, estimate) = (plan.Question, plan.Estimate);
        var text = new StringBuilder();
        void Line(string name, long bytes, string remark) => text.Append(CultureInfo.InvariantCulture, $"  {name,-20} {ByteQuantity.Text(bytes),10}  {remark}\n");
        text.Append(CultureInfo.InvariantCulture, $"{model}: {question.Model.ParameterCount / 1e9:0.00} billion weights, {question.Method} in {question.Precision}{(question.Lora is { } lora ? $", LoRA of rank {lora.Rank}" : "")}, ");
        text.Append(CultureInfo.InvariantCulture, $"{question.MicroBatch} × {question.Context} tokens a pass{(question.Checkpointing ? ", checkpointing" : "")}{(question.Workers > 1 ? $", {question.Workers} workers" : "")}\n\n");
        Line("weights", estimate.Weights, "");
        if (question.Lora is not null)
        {
            Line("adapter", estimate.Adapter, "");
        }

        if (question.Reference)
        {
            Line("KL reference", estimate.Reference, "a second model");
        }

        Line("gradients", estimate.Gradients, "");
        Line("optimizer state", estimate.OptimizerState, question.Offload ? $"and {ByteQuantity.Text(estimate.HostState)} in the host's memory" : "moments, master weights");
        Line("activations", estimate.Activations, question.Checkpointing ? "the input of each layer" : "of all layers");
        Line("logits", estimate.Logits, string.Create(CultureInfo.InvariantCulture, $"{question.MicroBatch * question.ResponseTokens} learned tokens × {question.Model.VocabSize}"));
        Line("working", estimate.Working, "a layer's backward pass, or the update");
        Line("training", estimate.Training, question.Passes > 1 ? "gradients of earlier passes beside the activations of the next" : "gradients come as activations go");
        if (question.Method == StageMethod.RFT)
        {
            Line("KV cache", estimate.KeyValueCache, string.Create(CultureInfo.InvariantCulture, $"{question.Rollouts} rollouts of {question.Context} tokens"));
            Line("sampling", estimate.Sampling, "instead of training's gradients and activations");
        }

        text.Append(CultureInfo.InvariantCulture, $"\nneeded {ByteQuantity.Text(plan.Needed)}, with 1 GiB for the driver and 5 % for gaps between tensors");
        text.Append(plan switch
        {
            { Available: { } there, Fits: true } => $": fits into {ByteQuantity.Text(there)}, {ByteQuantity.Text(there - plan.Needed)} stay free\n",
            { Available: { } there } => $": does not fit into {ByteQuantity.Text(there)}, {ByteQuantity.Text(plan.Needed - there)} are missing\n",
            _ => "\n",
        });
        if (plan.Knobs.Count > 0)
        {
            text.Append("\nwith instead                                                              needed\n");
            foreach (var knob in plan.Knobs)
            {
                var verdict = plan.Available is { } there ? knob.Needed <= there ? "fits" : "no" : "";
                text.Append(CultureInfo.InvariantCulture, $"  {knob.Name,-70} {ByteQuantity.Text(knob.Needed),10}  {verdict,-5} {knob.Field}\n");
            }
        }

        return text.ToString();
    }

    public static void Json(Utf8JsonWriter json, MemoryPlan plan, string model)
    {
        var (question, estimate) = (plan.Question, plan.Estimate);
        json.WriteString("model", model);
        json.WriteNumber("parameters", question.Model.ParameterCount);
        json.WriteString("method", question.Method.ToString());
        json.WriteString("precision", question.Precision);
        json.WriteNumber("microBatch", question.MicroBatch);
        json.WriteNumber("context", question.Context);
        json.WriteNumber("rollouts", question.Rollouts);
        json.WriteStartObject("bytes");
        foreach (var (name, bytes) in (ReadOnlySpan<(string, long)>)
        [
            ("weights", estimate.Weights), ("adapter", estimate.Adapter), ("reference", estimate.Reference), ("gradients", estimate.Gradients), ("optimizerState", estimate.OptimizerState),
            ("hostState", estimate.HostState), ("activations", estimate.Activations), ("logits", estimate.Logits), ("working", estimate.Working), ("step", estimate.Step), ("keyValueCache", estimate.KeyValueCache),
            ("decoding", estimate.Decoding), ("training", estimate.Training), ("sampling", estimate.Sampling), ("peak", estimate.Peak), ("needed", plan.Needed),
        ])
        {
            json.WriteNumber(name, bytes);
        }

        json.WriteEndObject();
        if (plan is { Available: { } available, Fits: { } fits })
        {
            json.WriteNumber("available", available);
            json.WriteBoolean("fits", fits);
        }

        json.WriteStartArray("knobs");
        foreach (var knob in plan.Knobs)
        {
            json.WriteStartObject();
            json.WriteString("name", knob.Name);
            json.WriteString("field", knob.Field);
            json.WriteNumber("needed", knob.Needed);
            if (plan.Available is { } there)
            {
                json.WriteBoolean("fits", knob.Needed <= there);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

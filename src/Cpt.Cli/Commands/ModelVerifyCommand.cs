using System.CommandLine;
using System.Globalization;
using Cpt.Models;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt model verify</c>: a checkpoint by itself, or beside reference values of another implementation.</summary>
internal static class ModelVerifyCommand
{
    private const string Notice = """
        Check a model, by itself or beside reference values from another implementation.

        Without --reference: its files fit each other, every weight is a number, and it generates the same with a cache as without.

        The reference file holds input_ids, and any of attention_mask, labels, logits, loss, grad.<name>, gradnorm.<name>, greedy,
        adamw.losses, adamw.grad_norms and adamw.final.<name>; for a model that reads images also images, position_ids, rope_deltas and
        image_features, with images*.safetensors and the pictures beside it. Several cases may stand in one file: batch.input_ids, …
        Logits, losses and weights are held against the tolerance by their largest absolute difference, gradients by the largest relative
        one; token ids and positions must be equal.

        Exit codes: 0 all is well, and within the tolerance; 1 not; 65 a file is damaged or belongs to another model; 66 a file is missing.
        """;

    public static Command Create()
    {
        var model = ModelCommand.ModelOption();
        var reference = new Option<string?>("--reference", "-r") { Description = "Reference values, a safetensors file", HelpName = "FILE" };
        var tolerance = new Option<double?>("--tolerance") { Description = "Largest difference that passes (default: what float32 reaches: logits, loss and image features 2e-5, gradients 1e-4, trained weights 1e-5, pixels 0.02)", HelpName = "NUMBER" };
        tolerance.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && value >= 0))
            {
                result.AddError($"--tolerance: {token.Value} is wrong; expected a number from 0, for example 1e-4");
            }
        });
        var device = DeviceOption.Create();
        var format = ModelCommand.OutputOption();
        var command = new Command("verify", Notice) { model, reference, tolerance, device, format };
        command.SetAction(result => ModelCommand.Reporting(result, output =>
        {
            if (result.GetValue(reference) is not { } values)
            {
                return WriteChecks(output, ModelCheck.Run(result.GetRequiredValue(model), DeviceOption.Of(result.GetRequiredValue(device))), result.GetValue(format) == "json");
            }

            var report = ModelVerifier.Verify(result.GetRequiredValue(model), values, DeviceOption.Of(result.GetRequiredValue(device)));
            var limit = result.GetValue(tolerance);
            if (result.GetValue(format) == "json")
            {
                WriteJson(output, report, limit);
            }
            else
            {
                WriteText(output, report, limit);
            }

            return report.Passes(limit) ? 0 : 1;
        }));
        return command;
    }

    private static int WriteChecks(TextWriter output, IReadOnlyList<ModelCheckResult> checks, bool asJson)
    {
        var passed = checks.All(check => check.Passed);
        if (!asJson)
        {
            foreach (var check in checks)
            {
                output.WriteLine($"{check.Name,-11} {(check.Passed ? "ok" : "WRONG"),-6} {check.Finding}");
            }

            return passed ? 0 : 1;
        }

        ModelCommand.WriteJson(output, json =>
        {
            json.WriteBoolean("passed", passed);
            json.WriteStartArray("checks");
            foreach (var check in checks)
            {
                json.WriteStartObject();
                json.WriteString("name", check.Name);
                json.WriteBoolean("passed", check.Passed);
                json.WriteString("finding", check.Finding);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return passed ? 0 : 1;
    }

    private static void WriteText(TextWriter output, VerificationReport report, double? tolerance)
    {
        var width = report.Compared.Select(entry => entry.Name.Length).DefaultIfEmpty(6).Max();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"tensor".PadRight(width)}  {"absolute",9}  {"relative",9}"));
        foreach (var entry in report.Compared)
        {
            var verdict = entry.Within(tolerance) ? "ok" : entry.Measure switch
            {
                ComparisonMeasure.Exact => "DIFFERS: token ids must be equal",
                ComparisonMeasure.Relative => "DIFFERS: relative difference past the tolerance",
                _ => "DIFFERS: absolute difference past the tolerance",
            };
            var leftOut = entry.LeftOut > 0 ? $" ({entry.LeftOut} entries not compared)" : "";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{entry.Name.PadRight(width)}  {entry.MaxAbsolute,9:0.0e+00}  {entry.MaxRelative,9:0.0e+00}  {verdict}{leftOut}"));
        }

        if (report.NotComputable.Count > 0)
        {
            output.WriteLine("\nnot computed");
            foreach (var (name, reason) in report.NotComputable)
            {
                output.WriteLine($"  {name}: {reason}");
            }
        }

        foreach (var note in report.Notes)
        {
            output.WriteLine("\nnote: " + note);
        }

        var past = report.Compared.Count(entry => !entry.Within(tolerance));
        output.WriteLine(report.Compared.Count == 0
            ? "\nnothing could be compared"
            : string.Create(CultureInfo.InvariantCulture, $"\n{report.Compared.Count} tensors compared, {past} past {(tolerance is { } limit ? string.Create(CultureInfo.InvariantCulture, $"the tolerance of {limit:0.0e+00}") : "their tolerances")}"));
    }

    private static void WriteJson(TextWriter output, VerificationReport report, double? tolerance) => ModelCommand.WriteJson(output, json =>
    {
        // A difference that is no number (NaN) has no form in JSON; null says that there is none, and passed is false.
        void Number(string name, double value)
        {
            if (double.IsFinite(value))
            {
                json.WriteNumber(name, value);
            }
            else
            {
                json.WriteNull(name);
            }
        }

        json.WriteBoolean("passed", report.Passes(tolerance));
        if (tolerance is { } limit)
        {
            json.WriteNumber("tolerance", limit);
        }

        json.WriteStartArray("tensors");
        foreach (var entry in report.Compared)
        {
            json.WriteStartObject();
            json.WriteString("name", entry.Name);
            json.WriteStartArray("shape");
            foreach (var size in entry.Shape)
            {
                json.WriteNumberValue(size);
            }

            json.WriteEndArray();
            json.WriteString("measure", entry.Measure.ToString());
            Number("maxAbsolute", entry.MaxAbsolute);
            Number("maxRelative", entry.MaxRelative);
            json.WriteNumber("notCompared", entry.LeftOut);
            json.WriteNumber("tolerance", entry.Measure == ComparisonMeasure.Exact ? 0 : tolerance ?? entry.Tolerance);
            json.WriteBoolean("passed", entry.Within(tolerance));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notComputable");
        foreach (var (name, reason) in report.NotComputable)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("reason", reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notes");
        foreach (var note in report.Notes)
        {
            json.WriteStringValue(note);
        }

        json.WriteEndArray();
    });
}

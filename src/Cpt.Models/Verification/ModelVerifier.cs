using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Compares a model with reference values from another implementation. The reference file holds <c>input_ids</c> [B, T], optionally
/// <c>attention_mask</c> and <c>labels</c> (−100 does not count; the loss shifts by one), and any of <c>logits</c>, <c>loss</c>,
/// <c>grad.&lt;name&gt;</c>, <c>gradnorm.&lt;name&gt;</c>, <c>greedy</c> (prompt and new tokens), <c>adamw.losses</c>, <c>adamw.grad_norms</c>,
/// <c>adamw.final.&lt;name&gt;</c> (as many steps as there are losses: lr 1e-3, betas .9/.999, eps 1e-8, weight decay .01, gradients
/// clipped to length 1). For a model with an image tower also <c>images</c> (which images the image tokens stand for: see
/// <see cref="ReferenceImages"/>), <c>position_ids</c> [3, B, T], <c>rope_deltas</c> and <c>image_features</c>. Several cases may stand in one file,
/// each name behind the case's own and a dot. Everything is computed in float32.
/// </summary>
public static class ModelVerifier
{
    private const string RoundedRotary =
        "the reference was computed with rotary frequencies rounded to the checkpoint's type (as model.to(torch.bfloat16) leaves them), and so is this comparison; training and generation use float32 frequencies, as from_pretrained does";

    /// <param name="modelDirectory">A Hugging Face directory.</param>
    /// <param name="referenceFile">A safetensors file. Pictures are looked for beside it.</param>
    /// <param name="device">Where the model computes; null: the CPU.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="ModelFormatException">A file is damaged, or the reference belongs to a model of another shape.</exception>
    public static VerificationReport Verify(string modelDirectory, string referenceFile, Device? device = null) => Verify(modelDirectory, referenceFile, device, byLibrary: null);

    /// <param name="byLibrary">Whether libtorch's operators compute what our kernels do on a CPU; null: as the device has it.</param>
    internal static VerificationReport Verify(string modelDirectory, string referenceFile, Device? device, bool? byLibrary)
    {
        using var file = SafetensorsFile.Open(referenceFile);
        var compared = new List<TensorComparison>();
        var notComputable = new List<KeyValuePair<string, string>>();
        var notes = new List<string>();
        foreach (var prefix in ReferenceCases.PrefixesOf(file))
        {
            var report = VerifyCase(modelDirectory, new ReferenceCases(file, prefix), device, byLibrary);
            compared.AddRange(report.Compared);
            notComputable.AddRange(report.NotComputable);
            notes.AddRange(report.Notes.Except(notes));
        }

        if (ModelConfig.Load(modelDirectory).Vision is { } vision)
        {
            PictureVerifier.Verify(modelDirectory, Path.GetDirectoryName(Path.GetFullPath(referenceFile))!, vision, compared, notComputable);
        }

        return new VerificationReport(compared, notComputable, notes);
    }

    private static VerificationReport VerifyCase(string modelDirectory, ReferenceCases cases, Device? device, bool? byLibrary)
    {
        using var scope = torch.NewDisposeScope();
        using var model = CausalLM.Load(modelDirectory, ScalarType.Float32, device);
        model.ByLibrary = byLibrary ?? model.ByLibrary;
        var verifier = new CaseVerifier(model, cases);
        if (model.Config.DType is not ("bfloat16" or "float16") || !cases.Has("logits"))
        {
            return verifier.Run([]);
        }

        // Casting a whole module rounds its frequency buffer too; references made that way differ at every position but 0.
        using var rounded = CausalLM.Load(modelDirectory, ScalarType.Float32, device, model.Config.DType == "float16" ? ScalarType.Float16 : ScalarType.BFloat16);
        rounded.ByLibrary = model.ByLibrary;
        var other = new CaseVerifier(rounded, cases);
        return other.Logits().MaxAbsolute < verifier.Logits().MaxAbsolute ? other.Run([RoundedRotary]) : verifier.Run([]);
    }
}

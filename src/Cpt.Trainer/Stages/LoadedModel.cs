using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Trainer.Stages;

/// <summary>A model with its tokenizer, in memory.</summary>
internal sealed class LoadedModel(CausalLM model, Tokenizer tokenizer) : IDisposable
{
    public CausalLM Model { get; } = model;

    public Tokenizer Tokenizer { get; } = tokenizer;

    /// <param name="directory">A Hugging Face directory.</param>
    /// <param name="device"><c>auto</c>, <c>cpu</c> or <c>cuda</c>.</param>
    /// <exception cref="StageFailureException">66: a file is missing.</exception>
    /// <exception cref="ModelFormatException">A file is wrong.</exception>
    public static LoadedModel Load(string directory, string device)
    {
        try
        {
            // Master weights are float32 whatever the files hold: an update of 1e-6 would vanish in bfloat16.
            var model = CausalLM.Load(directory, ScalarType.Float32, DeviceOf(device));
            try
            {
                return new LoadedModel(model, Tokenizer.Load(directory));
            }
            catch
            {
                model.Dispose();
                throw;
            }
        }
        catch (FileNotFoundException error)
        {
            throw new StageFailureException(ExitCodes.InputNotFound, "NotFound", error.Message, error);
        }
    }

    public void Dispose() => Model.Dispose();

    private static Device DeviceOf(string device) => device switch
    {
        "cpu" => torch.CPU,
        "cuda" when !torch.cuda_is_available() => throw new StageFailureException(
            ExitCodes.Internal, "DeviceMissing", "device: cuda is asked for, but libtorch finds no CUDA device here; check the pod's nvidia.com/gpu limit and the image, or use auto"),
        "cuda" => torch.CUDA,
        _ => torch.cuda_is_available() ? torch.CUDA : torch.CPU,
    };
}

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
    /// <param name="spec">Says on which device and in which precision.</param>
    /// <exception cref="StageFailureException">66: a file is missing.</exception>
    /// <exception cref="ModelFormatException">A file is wrong.</exception>
    public static LoadedModel Load(string directory, StageSpec spec)
    {
        try
        {
            // Weights that an optimizer changes are float32 whatever the files hold, unless it keeps float32 ones beside them: an update of 1e-6 would vanish in bfloat16.
            var type = Precision.HalvesWeights(spec.Training.Optimization.Precision) ? ScalarType.BFloat16 : ScalarType.Float32;
            var model = CausalLM.Load(directory, type, DeviceOf(spec.Device));
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

    /// <exception cref="StageFailureException">70: the device is not there.</exception>
    public static Device DeviceOf(string device)
    {
        try
        {
            return ComputeDevice.Choose(device);
        }
        catch (TorchException missing)
        {
            throw new StageFailureException(ExitCodes.Internal, "DeviceMissing", missing.Message, missing);
        }
    }
}

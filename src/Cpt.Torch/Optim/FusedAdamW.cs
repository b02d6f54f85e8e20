namespace Cpt.Torch;

/// <summary>AdamW's step in one pass over memory: by the shim's <c>cpt::adamw_</c> on the CPU, by libtorch's own kernel on CUDA.</summary>
internal static class FusedAdamW
{
    private static readonly Op s_step = new("cpt::adamw_"), s_cudaStep = new("aten::_fused_adamw_");

    private static readonly Lazy<bool> s_hasCudaStep = new(() => Op.Has("aten::_fused_adamw_"));

    /// <summary>Whether <see cref="Step"/> can take all of these.</summary>
    public static bool Applies(Tensor[] parameters, Tensor[] gradients, Tensor[] means, Tensor[] squares)
    {
        if (parameters[0].device.type != DeviceType.CPU) return s_hasCudaStep.Value && Alike(parameters, gradients, means, squares);
        for (var i = 0; i < parameters.Length; i++)
        {
            if (!Fits(parameters[i]) || !Fits(gradients[i])) return false;
        }

        return true;
    }

    public static unsafe void Step(Tensor[] parameters, Tensor[] gradients, Tensor[] means, Tensor[] squares, torch.optim.AdamW settings)
    {
        fixed (nint* p = new nint[parameters.Length], g = new nint[parameters.Length], m = new nint[parameters.Length], v = new nint[parameters.Length])
        {
            var (weights, slopes, first, second) =
                (InFlight.Hold(parameters!, p), InFlight.Hold(gradients!, g), InFlight.Hold(means!, m), InFlight.Hold(squares!, v));
            if (parameters[0].device.type == DeviceType.CPU)
            {
                s_step.Run(weights, slopes, first, second, settings.Steps, settings.LearningRate, settings.Beta1, settings.Beta2, settings.Epsilon, settings.WeightDecay);
                return;
            }

            // The kernel reads the number of the step from the device; all parameters have the same.
            using var step = torch.full([], (double)settings.Steps, ScalarType.Float32, parameters[0].device);
            var steps = new Tensor[parameters.Length];
            Array.Fill(steps, step);
            fixed (nint* s = new nint[parameters.Length])
            {
                const bool amsgrad = false, maximize = false;
                s_cudaStep.Run(
                    weights, slopes, first, second, Argument.Tensors(null, 0), InFlight.Hold(steps!, s),
                    settings.LearningRate, settings.Beta1, settings.Beta2, settings.WeightDecay, settings.Epsilon, amsgrad, maximize);
            }
        }
    }

    private static bool Fits(Tensor tensor) => tensor.dtype == ScalarType.Float32 && tensor.device.type == DeviceType.CPU && tensor.is_contiguous();

    /// <summary>CUDA's kernel wants all of one element type.</summary>
    private static bool Alike(Tensor[] parameters, Tensor[] gradients, Tensor[] means, Tensor[] squares)
    {
        var type = parameters[0].dtype;
        return ((Tensor[][])[parameters, gradients, means, squares]).All(list => Array.TrueForAll(list, tensor => tensor.dtype == type && tensor.is_contiguous()));
    }
}

namespace Cpt.Torch;

/// <summary>AdamW's step in one pass over memory, by the shim's <c>cpt::adamw_</c>.</summary>
internal static class FusedAdamW
{
    private static readonly Op s_step = new("cpt::adamw_");

    public static bool Applies(Tensor[] parameters, Tensor[] gradients)
    {
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
            s_step.Run(
                InFlight.Hold(parameters!, p), InFlight.Hold(gradients!, g), InFlight.Hold(means!, m), InFlight.Hold(squares!, v),
                settings.Steps, settings.LearningRate, settings.Beta1, settings.Beta2, settings.Epsilon, settings.WeightDecay);
        }
    }

    private static bool Fits(Tensor tensor) => tensor.dtype == ScalarType.Float32 && tensor.device.type == DeviceType.CPU && tensor.is_contiguous();
}

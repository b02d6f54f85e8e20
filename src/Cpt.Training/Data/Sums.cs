using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Reads scalars of several passes at once, so that a GPU is waited for once a step and not once a pass.</summary>
internal static class Sums
{
    public static double Of(IReadOnlyList<Tensor> scalars) => scalars.Count switch
    {
        0 => 0,
        1 => scalars[0].item<float>(),
        _ => torch.stack([.. scalars]).sum().item<float>(),
    };
}

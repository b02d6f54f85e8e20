using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// A term of the loss that is a function of the weights alone. Its gradient is added once an update, after the last backward pass and before clipping: so it is exact however the batch is cut
/// into micro-batches or shared among workers, and the norm that is clipped is that of the whole loss.
/// </summary>
internal interface IWeightPenalty : IDisposable
{
    /// <summary>At the weights as they stand.</summary>
    double Value();

    /// <summary>Of one of the optimizer's parameters, in its shape; null where the term does not depend on it.</summary>
    /// <param name="place">Among the model's trained parameters.</param>
    Tensor? Gradient(int place);
}

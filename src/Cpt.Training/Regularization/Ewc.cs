using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// Elastic weight consolidation (Kirkpatrick et al. 2017, arXiv:1612.00796): λ/2 Σ_i F_i (θ_i − θ*_i)², θ* being the stage's input and F the <see cref="FisherInformation"/> there, of all
/// earlier tasks together (Huszár 2018, arXiv:1712.03847: one penalty around the newest weights, not one for each task). Gradient: λ F (θ − θ*).
/// </summary>
internal sealed class Ewc : IWeightPenalty
{
    private readonly double _lambda;
    private readonly Tensor[] _parameters;
    private readonly Tensor[] _anchors;
    private readonly Tensor[] _fisher;

    /// <param name="lambda">λ.</param>
    /// <param name="parameters">θ: the policy's.</param>
    /// <param name="anchors">θ*, in the same order; stay the caller's.</param>
    /// <param name="fisher">F, in the same order; disposed here.</param>
    public Ewc(double lambda, Tensor[] parameters, Tensor[] anchors, Tensor[] fisher) => (_lambda, _parameters, _anchors, _fisher) = (lambda, parameters, anchors, fisher);

    public double Value()
    {
        using var unrecorded = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var parts = _parameters.Select((parameter, i) => ((parameter - _anchors[i]).square() * _fisher[i]).sum()).ToArray();
        return _lambda / 2 * Sums.Of(parts);
    }

    public Tensor? Gradient(int place) => (_parameters[place].detach() - _anchors[place]).mul_(_fisher[place]).mul_(_lambda);

    public void Dispose()
    {
        foreach (var part in _fisher) part.Dispose();
    }
}

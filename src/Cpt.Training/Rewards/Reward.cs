namespace Cpt.Training;

/// <summary>What one rollout earned.</summary>
/// <param name="Accuracy">The scorer's verdict, 0..1.</param>
/// <param name="Format">1 when the response has the form its prompt asked for, else 0; 1 under <c>Direct</c>, which asks for none.</param>
/// <param name="Total">The weighted sum that training maximises.</param>
public readonly record struct Reward(double Accuracy, double Format, double Total);

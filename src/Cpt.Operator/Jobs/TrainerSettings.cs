namespace Cpt.Operator.Jobs;

/// <summary>What the operator adds where a run says nothing.</summary>
/// <param name="Image">Null: every run must name one.</param>
/// <param name="ServiceAccountName">Null: the namespace's default.</param>
internal sealed record TrainerSettings(string? Image, string? ServiceAccountName);

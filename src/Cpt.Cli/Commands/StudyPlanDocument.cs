namespace Cpt.Cli.Commands;

/// <param name="Run">Its name.</param>
/// <param name="Variant">Of the study.</param>
/// <param name="Seed">Likewise.</param>
/// <param name="Plan">As of <c>cpt plan</c> for that run.</param>
internal sealed record StudyPlanDocument(string Run, string Variant, long Seed, PlanDocument Plan);

namespace Cpt.Api;

/// <summary>One variant with one seed, as the run that carries it out.</summary>
/// <param name="Variant">Name of the variant.</param>
/// <param name="Seed">Its <c>spec.seed</c>.</param>
/// <param name="Run">Without a status; defaults not filled in.</param>
public sealed record StudyRun(string Variant, long Seed, ContinualRun Run);

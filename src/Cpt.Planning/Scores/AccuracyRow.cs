namespace Cpt.Planning;

/// <summary>One row of the accuracy matrix. Cells are 0..1; null = not scored.</summary>
/// <param name="After">The stage after which was scored; empty for row 0, the base model.</param>
/// <param name="Tasks">One cell for each task of the chain.</param>
/// <param name="Benchmarks">One cell for each benchmark.</param>
public sealed record AccuracyRow(string After, IReadOnlyList<AccuracyCell?> Tasks, IReadOnlyList<AccuracyCell?> Benchmarks);

/// <param name="Accuracy">0..1.</param>
/// <param name="Samples">How many samples it is the mean of; 0 where that is not known.</param>
/// <param name="Lost">Samples right in the row before and wrong in this one (1→0 flips).</param>
/// <param name="Gained">Samples wrong in the row before and right in this one.</param>
public sealed record AccuracyCell(double Accuracy, int Samples = 0, int? Lost = null, int? Gained = null);

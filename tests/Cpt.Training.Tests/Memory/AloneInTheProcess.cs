namespace Cpt.Training.Tests;

/// <summary>Tests that read the whole process's memory: another test's tensors would be counted as theirs.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

using Cpt.Torch;

namespace Cpt.Training.Tests;

/// <summary>Counts of the whole process: no other test may make tensors meanwhile.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    /// <summary>What earlier tests left to the finalizer would go some time in the middle of a count.</summary>
    public MemoryTests()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [Fact]
    public void MemoryStaysFlatOverFiveHundredSteps()
    {
        using var model = Tiny.Model();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(500)), model, Tiny.EvenDigits()));
        long tensors = 0, resident = 0;
        while (!loop.Finished)
        {
            loop.RunStep(default);
            if (loop.Step == 100) (tensors, resident) = (Tensor.LiveCount, Environment.WorkingSet);
        }

        Assert.Equal(tensors, Tensor.LiveCount);
        Assert.InRange(Environment.WorkingSet - resident, long.MinValue, 32L << 20);
    }

    [Fact]
    public void MemoryStaysFlatWhileRollingOut()
    {
        using var model = Tiny.HalfTaught();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(60), Tiny.Grpo(miniBatches: 2)), model, Tiny.EvenDigits()));
        long tensors = 0;
        while (!loop.Finished)
        {
            loop.RunStep(default);
            if (loop.Step == 10) tensors = Tensor.LiveCount;
        }

        Assert.Equal(tensors, Tensor.LiveCount);
    }
}

using System.Globalization;

namespace Cpt.Torch.Tests;

/// <summary>Memory: scopes free what was made in them, and nothing else.</summary>
[Collection(nameof(WholeProcess))]
public sealed class ScopeTests
{
    [Fact]
    public void AScopeFreesWhatWasMadeInIt()
    {
        var before = Tensor.LiveCount;
        Tensor a;
        using (var scope = torch.NewDisposeScope())
        {
            a = torch.ones([2]);
            _ = (a + 1).exp().sum();
            Assert.Equal(4, scope.Count);
            Assert.Equal(before + 4, Tensor.LiveCount);
        }

        Assert.True(a.IsInvalid);
        Assert.Equal(before, Tensor.LiveCount);
    }

    [Fact]
    public void WhatIsMovedOutSurvivesOneScope()
    {
        var before = Tensor.LiveCount;
        using (torch.NewDisposeScope())
        {
            Tensor kept;
            using (torch.NewDisposeScope()) kept = torch.ones([2]).add(1).MoveToOuterDisposeScope();
            Assert.Equal([2f, 2], kept.data<float>());
            Assert.Equal(before + 1, Tensor.LiveCount);
        }

        Assert.Equal(before, Tensor.LiveCount);
    }

    [Fact]
    public void WhatIsDetachedBelongsToItsHolder()
    {
        Tensor kept;
        using (torch.NewDisposeScope())
        {
            using (torch.NewDisposeScope()) kept = torch.ones([2]).DetachFromDisposeScope();
        }

        Assert.Equal([1f, 1], kept.data<float>());
        kept.Dispose();
    }

    [Fact]
    public void ATensorCanBeAttachedToAScopeOfItsUser()
    {
        using var tensor = torch.ones([1]);
        using (var scope = torch.NewDisposeScope()) scope.Attach(tensor);
        Assert.True(tensor.IsInvalid);
    }

    [Fact]
    public void AViewOutlivesItsSource()
    {
        using var scope = torch.NewDisposeScope();
        var source = torch.arange(6).view(2, 3);
        var row = source[1];
        source.Dispose();
        Assert.Equal([3L, 4, 5], row.data<long>());
    }

    [Fact]
    public void ScopesEndInnerBeforeOuter()
    {
        var outer = torch.NewDisposeScope();
        var inner = torch.NewDisposeScope();
        Assert.Throws<InvalidOperationException>(outer.Dispose);
        inner.Dispose();
        outer.Dispose();
        outer.Dispose();
    }

    [Fact]
    public void EachThreadHasItsOwnScopes()
    {
        using var scope = torch.NewDisposeScope();
        Tensor? other = null;
        var thread = new Thread(() => other = torch.ones([1]));
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.Count);
        Assert.False(other!.IsInvalid);
        other.Dispose();
    }

    [Fact]
    public void WithoutAScopeTheFinalizerFrees()
    {
        var before = Tensor.LiveCount;
        MakeAndForget();
        for (var i = 0; i < 20 && Tensor.LiveCount > before; i++)
        {
            // The ring of arguments in flight lets the last 64 go as others come.
            for (var j = 0; j < 64; j++) using (var one = torch.ones([1])) _ = one.add_(0);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.InRange(Tensor.LiveCount, 0, before);

        static void MakeAndForget()
        {
            for (var i = 0; i < 100; i++) _ = torch.ones([10]).exp();
        }
    }

    [Fact]
    public void TemporariesSurviveCollectionsInTheMiddleOfAnExpression()
    {
        using var stop = new ManualResetEventSlim();
        var collector = new Thread(() =>
        {
            while (!stop.IsSet) GC.Collect(0);
        });
        collector.Start();
        try
        {
            using var a = torch.ones([64]);
            for (var i = 0; i < 2000; i++)
            {
                using var sum = torch.cat([a + 1, (a + 2).exp().log()]).sum();
                Assert.Equal((64 * 2) + (64 * 3), sum.item<float>(), 1e-2f);
            }
        }
        finally
        {
            stop.Set();
            collector.Join();
        }
    }

    [Fact]
    public void TrainingHoldsMemoryFlat()
    {
        using var weight = torch.randn([256, 256]).requires_grad_();
        using var optimizer = new torch.optim.AdamW([weight]);
        for (var i = 0; i < 50; i++) Step();
        var (handles, resident) = (Tensor.LiveCount, ResidentBytes());
        for (var i = 0; i < 500; i++) Step();
        Assert.Equal(handles, Tensor.LiveCount);
        // A step makes several MiB of tensors: 500 of them would be gigabytes.
        Assert.InRange(ResidentBytes() - resident, long.MinValue, 64L << 20);

        void Step()
        {
            using var scope = torch.NewDisposeScope();
            var x = torch.ones([512, 256]);
            for (var layer = 0; layer < 4; layer++) x = torch.nn.functional.swiglu(x.mm(weight), x);
            x.mean().backward();
            torch.nn.utils.clip_grad_norm_([weight], 1);
            optimizer.step();
            optimizer.zero_grad();
        }
    }

    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}

/// <summary>Tests that count what the whole process holds run by themselves.</summary>
[CollectionDefinition(nameof(WholeProcess), DisableParallelization = true)]
public sealed class WholeProcess;

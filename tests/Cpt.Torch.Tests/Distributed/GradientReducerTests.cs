using static Cpt.Torch.torch.distributed;

namespace Cpt.Torch.Tests;

/// <summary>Gradients of several processes, summed in buckets.</summary>
public sealed class GradientReducerTests
{
    private const int Small = 1;

    [Theory]
    [InlineData(1, GradientReducer.DefaultBucketBytes)]
    [InlineData(2, GradientReducer.DefaultBucketBytes)]
    [InlineData(3, 200)]
    [InlineData(3, Small)]
    public void ThePartsOfAllAreTheSumOfTheGradients(int size, long bucketBytes)
    {
        var wanted = Gradients(Enumerable.Range(0, size));
        var owned = Crew.Run(size, group =>
        {
            using var scope = torch.NewDisposeScope();
            var parameters = Parameters();
            using var reducer = new GradientReducer(group, parameters, bucketBytes);
            for (var step = 0; step < 3; step++)
            {
                reducer.Prepare(last: false);
                (Loss(parameters, group.Rank) * 0.25).backward();
                reducer.Prepare(last: true);
                (Loss(parameters, group.Rank) * 0.75).backward();
                Assert.All(reducer.Finish(), Assert.True);
                // From the second pass on it is known how often each gradient comes.
                Assert.Equal(reducer.Buckets, reducer.Overlapped);
                if (step < 2) reducer.Release();
            }

            return reducer.Pieces.Select(piece => (piece, reducer.Part(piece.Bucket).narrow(0, piece.At, piece.Length).data<float>())).ToArray();
        });

        var seen = wanted.Select(gradient => new int[gradient.Length]).ToArray();
        foreach (var (piece, values) in owned.SelectMany(mine => mine))
        {
            for (var i = 0; i < values.Length; i++)
            {
                Assert.Equal(wanted[piece.Parameter][piece.Begin + i], values[i], 1e-4f);
                seen[piece.Parameter][piece.Begin + i]++;
            }
        }

        Assert.All(seen.SelectMany(counts => counts), count => Assert.Equal(1, count));
    }

    [Fact]
    public void AProcessWithoutABackwardPassTakesPartWithZeros()
    {
        var wanted = Gradients([0]);
        var sums = Crew.Run(2, group =>
        {
            using var scope = torch.NewDisposeScope();
            var parameters = Parameters();
            using var reducer = new GradientReducer(group, parameters, Small);
            if (group.Rank == 0)
            {
                reducer.Prepare(last: true);
                Loss(parameters, 0).backward();
            }

            Assert.All(reducer.Finish(), Assert.True);
            return reducer.Pieces.Sum(piece => reducer.Part(piece.Bucket).narrow(0, piece.At, piece.Length).sum().item<double>());
        });

        Assert.Equal(wanted.Sum(gradient => gradient.Sum(value => (double)value)), sums.Sum(), 1e-3);
    }

    [Fact]
    public void AParameterThatNobodyUsedIsNamedAsSuch()
    {
        var used = Crew.Run(2, group =>
        {
            using var scope = torch.NewDisposeScope();
            var parameters = Parameters();
            using var reducer = new GradientReducer(group, parameters);
            reducer.Prepare(last: true);
            if (group.Rank == 1) parameters[0].sum().backward();
            return reducer.Finish();
        });

        Assert.All(used, flags => Assert.Equal([true, false, false, false], flags));
    }

    [Fact]
    public void AGradientThatComesInSeveralPartsIsWhole()
    {
        var sums = Crew.Run(2, group =>
        {
            using var scope = torch.NewDisposeScope();
            Tensor[] parameters = [torch.ones([4]).requires_grad_(), torch.ones([4]).requires_grad_()];
            using var reducer = new GradientReducer(group, parameters, Small);
            var sum = 0.0;
            for (var step = 0; step < 3; step++)
            {
                // Two backward passes after one Prepare, as where layers are recomputed one by one.
                reducer.Prepare(last: true);
                (parameters[1] * 2).sum().backward();
                (parameters[1] * parameters[0]).sum().backward();
                reducer.Finish();
                sum = reducer.Pieces.Sum(piece => reducer.Part(piece.Bucket).narrow(0, piece.At, piece.Length).sum().item<double>());
                reducer.Release();
            }

            return sum;
        });

        // d/dp1 = 2 + 1, d/dp0 = 1; four elements, two processes.
        Assert.Equal(2 * 4 * (3 + 1), sums.Sum());
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void EverybodysPiecesReachAll(ScalarType type)
    {
        var values = Crew.Run(3, group =>
        {
            using var scope = torch.NewDisposeScope();
            Tensor[] parameters = [torch.zeros([70, 3], type).requires_grad_(), torch.zeros([5], type).requires_grad_()];
            using var reducer = new GradientReducer(group, parameters, Small);
            using var unrecorded = torch.no_grad();
            foreach (var piece in reducer.Pieces) parameters[piece.Parameter].detach().view(-1).narrow(0, piece.Begin, piece.Length).fill_(group.Rank + 1);
            reducer.GatherParameters();
            return parameters.SelectMany(parameter => parameter.to(ScalarType.Float32).data<float>()).ToArray();
        });

        Assert.Equal(values[0], values[1]);
        Assert.Equal(values[0], values[2]);
        Assert.DoesNotContain(0f, values[0]);
        Assert.Equal([1f, 2, 3], values[0].Distinct().Order());
    }

    private static Tensor[] Parameters()
    {
        using var generator = new Generator(3);
        long[][] shapes = [[40, 7], [7], [33], [7, 40]];
        return [.. shapes.Select(shape => torch.randn(shape, generator: generator).requires_grad_())];
    }

    private static Tensor Loss(Tensor[] parameters, int rank)
    {
        var x = torch.ones([2, 40]) * (0.1 * (rank + 1));
        return (x.mm(parameters[0]) + parameters[1]).mm(parameters[3]).tanh().sum() + (parameters[2] * (rank + 2)).square().sum();
    }

    private static float[][] Gradients(IEnumerable<int> ranks)
    {
        using var scope = torch.NewDisposeScope();
        var parameters = Parameters();
        foreach (var rank in ranks) Loss(parameters, rank).backward();
        return [.. parameters.Select(parameter => parameter.grad!.data<float>())];
    }
}

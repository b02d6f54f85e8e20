using System.Globalization;
using System.Text.Json;

namespace Cpt.Torch.Tests;

/// <summary>AdamW, clipping and schedules.</summary>
public sealed class OptimizerTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // float32 on the CPU takes the fused step, float64 the list operators.
    [Theory]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.Float64, 1e-12)]
    public void AdamWFollowsItsFormula(ScalarType type, double tolerance)
    {
        const double rate = 0.1, beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8, decay = 0.02;
        double[] p = [1, -2, 0.5], m = new double[3], v = new double[3];
        var parameter = torch.tensor(p).to(type).requires_grad_();
        using var optimizer = new torch.optim.AdamW([parameter], rate, beta1, beta2, epsilon, decay);
        for (var step = 1; step <= 5; step++)
        {
            double[] gradient = [0.3 * step, -1.0 / step, 0];
            parameter.grad = torch.tensor(gradient).to(type);
            optimizer.step();
            for (var i = 0; i < 3; i++)
            {
                m[i] = (beta1 * m[i]) + ((1 - beta1) * gradient[i]);
                v[i] = (beta2 * v[i]) + ((1 - beta2) * gradient[i] * gradient[i]);
                p[i] = (p[i] * (1 - (rate * decay))) - (rate * (m[i] / (1 - Math.Pow(beta1, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(beta2, step))) + epsilon));
            }

            Assert.Equal(p, parameter.detach().to(ScalarType.Float64).data<double>(), (a, b) => Math.Abs(a - b) <= tolerance * (1 + Math.Abs(a)));
        }

        Assert.Equal(5, optimizer.Steps);
    }

    [Theory]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.Float64, false)]
    [InlineData(ScalarType.BFloat16, true)]
    [InlineData(ScalarType.BFloat16, false)]
    public void StateOnTheHostGivesTheSameBits(ScalarType type, bool masters)
    {
        (byte[][] Weights, string[] State) Run(bool offload)
        {
            using var generator = new Generator(4);
            var parameters = new[] { new long[] { 7, 5 }, [3], [2, 2, 2] }.Select(shape => torch.randn(shape, generator).to(type).detach().requires_grad_()).ToArray();
            using var optimizer = new torch.optim.AdamW(parameters, 0.01, master_weights: masters, offload: offload);
            for (var step = 0; step < 4; step++)
            {
                foreach (var parameter in parameters) parameter.grad = torch.randn(parameter.shape, generator).to(type);
                if (step == 2) parameters[1].grad = null;
                optimizer.step();
            }

            Assert.All(optimizer.state_dict().Values, state => Assert.Equal(DeviceType.CPU, state.device.type));
            return (Array.ConvertAll(parameters, Bytes), [.. optimizer.state_dict().Select(state => $"{state.Key} {state.Value.dtype} {Convert.ToHexString(Bytes(state.Value))}")]);
        }

        static byte[] Bytes(Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(tensor.detach().to(ScalarType.Float64).data<double>().AsSpan()).ToArray();
        Assert.Equivalent(Run(offload: false), Run(offload: true), strict: true);
    }

    [Fact]
    public void TheFusedStepEqualsTheListOperators()
    {
        using var generator = new Generator(2);
        var start = torch.randn([1000, 37], generator);
        var fused = start.clone().requires_grad_();
        // A transposed parameter is not contiguous, so the list operators take it.
        var lists = start.t().contiguous().t().requires_grad_();
        Assert.False(lists.is_contiguous());
        using var one = new torch.optim.AdamW([fused], 0.01);
        using var other = new torch.optim.AdamW([lists], 0.01);
        for (var step = 0; step < 4; step++)
        {
            var gradient = torch.randn([1000, 37], generator);
            fused.grad = gradient;
            lists.grad = gradient.t().contiguous().t();
            one.step();
            other.step();
        }

        Kernels.AssertClose(lists.detach(), fused.detach(), 2e-6f, "the parameter");
    }

    [Fact]
    public void AResumedOptimizerMakesTheSameSteps()
    {
        var (straight, resumed) = (torch.ones([4]).requires_grad_(), torch.ones([4]).requires_grad_());
        using var one = new torch.optim.AdamW([straight], 0.1);
        for (var step = 0; step < 6; step++) Step(one, straight, step);

        using var before = new torch.optim.AdamW([resumed], 0.1);
        for (var step = 0; step < 3; step++) Step(before, resumed, step);
        using var after = new torch.optim.AdamW([resumed], 0.1) { Steps = before.Steps };
        after.load_state_dict(before.state_dict());
        for (var step = 3; step < 6; step++) Step(after, resumed, step);
        Assert.Equal(straight.detach().data<float>(), resumed.detach().data<float>());
        Assert.Equal(["exp_avg.0", "exp_avg_sq.0"], after.state_dict().Keys.Order(StringComparer.Ordinal));

        static void Step(torch.optim.AdamW optimizer, Tensor parameter, int step)
        {
            optimizer.LearningRate = 0.1 / (step + 1);
            (parameter * parameter * (step + 1)).sum().backward();
            optimizer.step();
            optimizer.zero_grad();
        }
    }

    [Fact]
    public void AStateThatDoesNotFitIsRefused()
    {
        using var optimizer = new torch.optim.AdamW([torch.ones([4])]);
        var error = Assert.Throws<ArgumentException>(() => optimizer.load_state_dict(new Dictionary<string, Tensor>(StringComparer.Ordinal)));
        Assert.Contains("the optimizer's state has no 'exp_avg.0'", error.Message, StringComparison.Ordinal);
        var wrong = optimizer.state_dict().ToDictionary(entry => entry.Key, _ => torch.zeros([3]), StringComparer.Ordinal);
        Assert.Contains("'exp_avg.0' has the shape [3]; the parameter's is [4]", Assert.Throws<ArgumentException>(() => optimizer.load_state_dict(wrong)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AParameterWithoutAGradientStaysAsItIs()
    {
        var (used, unused) = (torch.ones([2]).requires_grad_(), torch.ones([2]).requires_grad_());
        using var optimizer = new torch.optim.AdamW([unused, used], 0.1);
        used.sum().backward();
        optimizer.step();
        Assert.Equal([1f, 1], unused.detach().data<float>());
        Assert.NotEqual([1f, 1], used.detach().data<float>());
        optimizer.zero_grad();
        Assert.Null(used.grad);
    }

    [Fact]
    public void BFloat16ParametersKeepFloat32Moments()
    {
        var parameter = torch.ones([8]).bfloat16().requires_grad_();
        using var optimizer = new torch.optim.AdamW([parameter], 0.1, weight_decay: 0);
        parameter.grad = torch.ones([8]).bfloat16();
        optimizer.step();
        Assert.Equal(ScalarType.Float32, optimizer.state_dict()["exp_avg.0"].dtype);
        Assert.Equal((float)(BFloat16)0.9f, (float)parameter.detach().data<BFloat16>()[0]);
    }

    [Fact]
    public void SmallUpdatesOfABFloat16WeightAddUpInItsMasterAndAreLostWithoutOne()
    {
        var (alone, with) = (torch.ones([4]).bfloat16().requires_grad_(), torch.ones([4]).bfloat16().requires_grad_());
        var exact = torch.ones([4]).requires_grad_();
        using var lost = new torch.optim.AdamW([alone], 1e-4, weight_decay: 0);
        using var kept = new torch.optim.AdamW([with], 1e-4, weight_decay: 0, master_weights: true);
        using var reference = new torch.optim.AdamW([exact], 1e-4, weight_decay: 0);
        for (var step = 0; step < 100; step++)
        {
            (alone.grad, with.grad, exact.grad) = (torch.ones([4]).bfloat16(), torch.ones([4]).bfloat16(), torch.ones([4]));
            lost.step();
            kept.step();
            reference.step();
        }

        // A hundred steps of 1e-4; each alone is far below the 1/256 by which a bfloat16 of 1 can fall.
        Assert.Equal(1f, (float)alone.detach().data<BFloat16>()[0]);
        Assert.Equal(exact.detach().data<float>(), kept.state_dict()["master.0"].data<float>());
        Assert.Equal(0.99f, exact.detach().data<float>()[0], 1e-5f);
        Assert.Equal((float)(BFloat16)exact.detach().data<float>()[0], (float)with.detach().data<BFloat16>()[0]);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, false, null, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, true, null, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, false, ScalarType.BFloat16, ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32, false, ScalarType.BFloat16, ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32, true, null, ScalarType.Float32)]
    [InlineData(ScalarType.Float64, false, null, ScalarType.Float64)]
    public void MomentsHaveTheTypeThatWasAskedForElseTheWeightsOrFloat32(ScalarType weights, bool masters, ScalarType? asked, ScalarType expected)
    {
        using var optimizer = new torch.optim.AdamW([torch.ones([4]).to(weights).requires_grad_()], master_weights: masters, moments: asked);
        var state = optimizer.state_dict();
        Assert.Equal((expected, expected), (state["exp_avg.0"].dtype, state["exp_avg_sq.0"].dtype));
        // What is float32 already is its own master.
        Assert.Equal(masters && weights == ScalarType.BFloat16, state.ContainsKey("master.0"));
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, ScalarType.BFloat16)]
    public void AResumedHalfPrecisionOptimizerMakesTheSameSteps(bool masters, ScalarType? moments)
    {
        using var generator = new Generator(4);
        var start = torch.randn([50], generator);
        var gradients = Enumerable.Range(0, 6).Select(_ => torch.randn([50], generator).bfloat16()).ToArray();
        var (straight, resumed) = (start.bfloat16().requires_grad_(), start.bfloat16().requires_grad_());
        using var one = Optimizer(straight);
        foreach (var gradient in gradients) Step(one, straight, gradient);

        using var before = Optimizer(resumed);
        foreach (var gradient in gradients[..3]) Step(before, resumed, gradient);
        using var after = Optimizer(resumed);
        after.Steps = before.Steps;
        after.load_state_dict(before.state_dict());
        foreach (var gradient in gradients[3..]) Step(after, resumed, gradient);
        Assert.Equal(straight.detach().to(ScalarType.Float32).data<float>(), resumed.detach().to(ScalarType.Float32).data<float>());
        foreach (var (name, value) in one.state_dict()) Assert.True(value.equal(after.state_dict()[name]), name);

        torch.optim.AdamW Optimizer(Tensor parameter) => new([parameter], 1e-3, master_weights: masters, moments: moments);

        static void Step(torch.optim.AdamW optimizer, Tensor parameter, Tensor gradient)
        {
            parameter.grad = gradient;
            optimizer.step();
        }
    }

    [Fact]
    public void AStateWithoutItsMasterWeightsIsRefused()
    {
        using var optimizer = new torch.optim.AdamW([torch.ones([4]).bfloat16().requires_grad_()], master_weights: true);
        var state = optimizer.state_dict().Where(entry => entry.Key != "master.0").ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);
        Assert.Contains("the optimizer's state has no 'master.0'; it has 2 tensors, 3 are needed", Assert.Throws<ArgumentException>(() => optimizer.load_state_dict(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStepOfTheOptimizerIsSeenByGraphsThatNeedTheOldValues()
    {
        var parameter = torch.ones([2]).requires_grad_();
        var loss = parameter.square().sum();
        using var optimizer = new torch.optim.AdamW([parameter], 0.1);
        parameter.grad = torch.ones([2]);
        optimizer.step();
        Assert.Contains("modified by an inplace operation", Assert.Throws<TorchException>(() => loss.backward()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ClippingScalesAllGradientsByTheirCommonLength()
    {
        var (a, b, none) = (torch.zeros([2]).requires_grad_(), torch.zeros([1]).requires_grad_(), torch.zeros([1]).requires_grad_());
        a.grad = torch.tensor([3f, 0]);
        b.grad = torch.tensor([4f]);
        Assert.Equal(5, torch.nn.utils.clip_grad_norm_([a, b, none], 10), 1e-6);
        Assert.Equal([3f, 0], a.grad!.data<float>());
        Assert.Equal(5, torch.nn.utils.clip_grad_norm_([a, b, none], 1), 1e-6);
        Assert.Equal(0.6f, a.grad!.data<float>()[0], 1e-5f);
        Assert.Equal(0.8f, b.grad!.data<float>()[0], 1e-5f);
        Assert.Equal(0, torch.nn.utils.clip_grad_norm_([none], 1));
    }

    [Fact]
    public void ALengthThatIsNoNumberIsReportedAndNothingScaled()
    {
        var a = torch.zeros([2]).requires_grad_();
        a.grad = torch.tensor([3f, float.NaN]);
        Assert.True(double.IsNaN(torch.nn.utils.clip_grad_norm_([a], 1)));
        Assert.Equal(3f, a.grad!.data<float>()[0]);
    }

    [Fact]
    public void SchedulesEqualTheReference()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests/data/golden/schedules.json")));
        var compared = 0;
        foreach (var schedule in golden.RootElement.EnumerateObject())
        {
            var parts = schedule.Name.Split('.', 4);
            var (warmup, total) = (Number(parts[1]), Number(parts[2]));
            var rate = double.Parse(parts[3].Split('=')[1], CultureInfo.InvariantCulture);
            var step = 0;
            foreach (var expected in schedule.Value.EnumerateArray())
            {
                var actual = parts[0] switch
                {
                    "linear" => torch.optim.lr_scheduler.linear(step, rate, warmup, total),
                    "cosine" => torch.optim.lr_scheduler.cosine(step, rate, warmup, total),
                    _ => torch.optim.lr_scheduler.constant_with_warmup(step, rate, warmup),
                };
                Assert.Equal(expected.GetDouble(), actual, 1e-18);
                step++;
            }

            compared += step;
        }

        Assert.True(compared > 200);

        static long Number(string part) => long.Parse(part.Split('=')[1], CultureInfo.InvariantCulture);
    }
}

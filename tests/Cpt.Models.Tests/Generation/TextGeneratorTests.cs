using Cpt.Torch;

namespace Cpt.Models.Tests;

public sealed class TextGeneratorTests : IDisposable
{
    private static readonly int[][] s_prompts = [[1, 2, 3], [4, 5, 6, 7, 8], [9], [1, 2, 3], [1, 2, 3], [10, 11]];

    private readonly CausalLM _model = Small.Model();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void GreedyTokensAreThoseOfTheWholeForwardPass()
    {
        var result = Generate(new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 9, Temperature = 0 });
        for (var row = 0; row < s_prompts.Length; row++)
        {
            Assert.Equal(GreedyByForward(s_prompts[row], 9), result.Rows[row].Tokens);
        }
    }

    [Fact]
    public void LogProbsAreThoseOfTheWholeForwardPass()
    {
        var row = Generate(new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 6, Temperature = 0.7, TopK = 20, TopP = 0.9, Seed = 5 }).Rows[1];
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        long[] all = [.. s_prompts[1].Select(id => (long)id), .. row.Tokens.Select(id => (long)id)];
        var logProbabilities = _model.forward(torch.tensor<long>(all, 1, all.Length)).log_softmax(-1);
        for (var t = 0; t < row.Tokens.Length; t++)
        {
            Assert.Equal(logProbabilities[0][s_prompts[1].Length + t - 1][row.Tokens[t]].item<float>(), row.LogProbs[t], 1e-4f);
        }
    }

    [Fact]
    public void ARequestRepeatsBitForBit()
    {
        var request = new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 20, Seed = 11, Threads = 2 };
        var (first, second) = (Generate(request), Generate(request));
        foreach (var (a, b) in first.Rows.Zip(second.Rows))
        {
            Assert.Equal(a.Tokens, b.Tokens);
            Assert.Equal(a.LogProbs, b.LogProbs);
        }

        Assert.NotEqual(first.Rows.Select(row => string.Join(' ', row.Tokens)), Generate(request with { Seed = 12 }).Rows.Select(row => string.Join(' ', row.Tokens)));
    }

    [Fact]
    public void ResponsesDoNotDependOnThreadsNorBatchesNorTheOtherRows()
    {
        var request = new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 20, Seed = 3, RowIds = [10, 20, 30, 40, 50, 60], StopTokens = [7, 8, 9] };
        var expected = Generate(request).Rows.Select(row => row.Tokens).ToList();
        foreach (var (threads, batch) in ((int, int)[])[(1, 2), (2, 256), (3, 1), (6, 256)])
        {
            Assert.Equal(expected, Generate(request with { Threads = threads, BatchSize = batch }).Rows.Select(row => row.Tokens));
        }

        var alone = Generate(request with { Prompts = [s_prompts[4]], RowIds = [50] });
        Assert.Equal(expected[4], Assert.Single(alone.Rows).Tokens);
    }

    [Fact]
    public void RolloutsOfOnePromptDiffer()
    {
        var rows = Generate(new GenerationRequest { Prompts = [.. Enumerable.Repeat(s_prompts[0], 8)], MaxNewTokens = 10, Seed = 1 }).Rows;
        Assert.True(rows.Select(row => string.Join(' ', row.Tokens)).Distinct(StringComparer.Ordinal).Count() > 4);
    }

    [Fact]
    public void AStopTokenEndsARowAndBelongsToIt()
    {
        var free = Generate(new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 12, Temperature = 0 }).Rows;
        var stop = free[0].Tokens[3];
        var rows = Generate(new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 12, Temperature = 0, StopTokens = [stop] }).Rows;
        for (var row = 0; row < rows.Count; row++)
        {
            var at = Array.IndexOf(free[row].Tokens, stop);
            Assert.Equal(at < 0 ? free[row].Tokens : free[row].Tokens[..(at + 1)], rows[row].Tokens);
            Assert.Equal(at >= 0, rows[row].Finished);
            Assert.Equal(rows[row].Tokens.Length, rows[row].LogProbs.Length);
        }

        Assert.True(rows[0].Finished);
    }

    [Fact]
    public void AResponseEndsAtTheModelsContext()
    {
        var prompt = Enumerable.Range(0, 60).Select(i => i % 61).ToArray();
        var rows = Generate(new GenerationRequest { Prompts = [prompt, [1]], MaxNewTokens = 20, Temperature = 0 }).Rows;
        Assert.Equal(4, rows[0].Tokens.Length);
        Assert.False(rows[0].Finished);
        Assert.Equal(20, rows[1].Tokens.Length);
        Assert.Equal(GreedyByForward(prompt, 4), rows[0].Tokens);
    }

    [Fact]
    public void NoPromptsGiveNoRows() => Assert.Empty(Generate(new GenerationRequest { Prompts = [], MaxNewTokens = 3, Threads = 2 }).Rows);

    [Fact]
    public void AWrongPromptIsNamed()
    {
        string Message(params int[][] prompts) => Assert.ThrowsAny<ArgumentException>(() => Generate(new GenerationRequest { Prompts = prompts, MaxNewTokens = 3 })).Message;
        Assert.Contains("prompts[1] has 0 tokens; expected at least 1", Message([1], []), StringComparison.Ordinal);
        Assert.Contains("prompts[0] has 64 tokens; expected at least 1, and fewer than the model's context of 64", Message(new int[64]), StringComparison.Ordinal);
        Assert.Contains("prompts[0][1] is 61; expected a token id below the model's vocabulary of 61", Message([1, 61]), StringComparison.Ordinal);
    }

    [Fact]
    public void DivergedWeightsAreNamedFromEveryThread()
    {
        using (torch.no_grad())
        {
            _model.Parameters[^1].Value.fill_(float.NaN);
        }

        var exception = Assert.Throws<NonFiniteLogitsException>(() => Generate(new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 3, Threads = 2 }));
        Assert.Contains("row 0, response token 0", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CancellingStopsEveryThread()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => new TextGenerator(_model).Generate(new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 30, Threads = 2 }, source.Token));
    }

    private GenerationResult Generate(GenerationRequest request) => new TextGenerator(_model).Generate(request, TestContext.Current.CancellationToken);

    private List<int> GreedyByForward(int[] prompt, int count)
    {
        using var none = torch.no_grad();
        var ids = prompt.Select(id => (long)id).ToList();
        for (var i = 0; i < count; i++)
        {
            using var scope = torch.NewDisposeScope();
            ids.Add(_model.forward(torch.tensor<long>(ids.ToArray(), 1, ids.Count)).select(1, ids.Count - 1).argmax(-1).item<long>());
        }

        return [.. ids.Skip(prompt.Length).Select(id => (int)id)];
    }
}

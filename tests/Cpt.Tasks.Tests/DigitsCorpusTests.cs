namespace Cpt.Tasks.Tests;

public sealed class DigitsCorpusTests
{
    [Fact]
    public void ABatchHoldsEveryTaskEquallyOften()
    {
        var corpus = new DigitsCorpus(seed: 1, perTask: 32);
        var batch = corpus.Batch(0);
        Assert.Equal(corpus.BatchSize, batch.Count);
        Assert.All(batch.CountBy(row => row.Prompt[0]), letter => Assert.Equal(32, letter.Value));
        Assert.Equal("CRITPHM".Order(), batch.Select(row => row.Prompt[0]).Distinct().Order());
        Assert.All(batch, row => Assert.Matches("^[A-Z][0-9]{3}=$", row.Prompt));
        Assert.All(batch, row => Assert.Matches("^[0-9]{3}$", row.Answer));
    }

    [Fact]
    public void ABatchIsAFunctionOfSeedAndStep()
    {
        var later = new DigitsCorpus(4);
        _ = later.Batch(0);
        Assert.Equal(new DigitsCorpus(4).Batch(17), later.Batch(17));
        Assert.NotEqual(new DigitsCorpus(4).Batch(17), new DigitsCorpus(4).Batch(18));
        Assert.NotEqual(new DigitsCorpus(4).Batch(17), new DigitsCorpus(5).Batch(17));
    }

    [Fact]
    public void GeneralSkillsAreAlwaysShownRight()
    {
        foreach (var (task, input, answer) in Rows(seed: 2, steps: 20).Where(row => row.Task.IsGeneral))
            Assert.Equal(task.Canonical(input), answer);
    }

    [Fact]
    public void NewTasksAreShownRightAsOftenAsTheProbabilitySays()
    {
        var rows = Rows(seed: 3, steps: 200).Where(row => !row.Task.IsGeneral).ToList();
        foreach (var task in DigitsSuite.NewTasks)
        {
            var right = rows.Where(row => row.Task == task).Select(row => AcceptPatterns.Matches(task.Accept(row.Input), row.Answer) ? 1.0 : 0.0).ToList();
            // 6400 draws: four standard errors are 0.025.
            Assert.InRange(right.Average(), Math.Pow(0.75, 3) - 0.025, Math.Pow(0.75, 3) + 0.025);
        }
    }

    [Fact]
    public void EveryRightAnswerIsShownNotOnlyTheCanonicalOne()
    {
        var shown = Rows(seed: 3, steps: 200).Where(row => row.Task.Name == "parity" && row.Input % 2 == 0).CountBy(row => row.Answer[2]).ToDictionary();
        Assert.Equal("0123456789", string.Concat(shown.Keys.Order()));
        Assert.All("02468", digit => Assert.InRange(shown[digit] / (double)shown.Values.Sum(), 0.12, 0.18));
        Assert.All("13579", digit => Assert.InRange(shown[digit] / (double)shown.Values.Sum(), 0.03, 0.07));
    }

    private static IEnumerable<(DigitTask Task, int Input, string Answer)> Rows(ulong seed, int steps) =>
        from step in Enumerable.Range(0, steps)
        from row in new DigitsCorpus(seed).Batch(step)
        select (DigitTask.All.Single(task => task.Letter == row.Prompt[0]), int.Parse(row.Prompt.AsSpan(1, 3), null), row.Answer);
}

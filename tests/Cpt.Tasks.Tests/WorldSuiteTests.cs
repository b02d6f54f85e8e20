namespace Cpt.Tasks.Tests;

public sealed class WorldSuiteTests
{
    [Theory]
    [InlineData("capital", "FR", "Capital of France?", "Paris")]
    [InlineData("capital", "BR", "Capital of Brazil?", "Brasília")]
    [InlineData("continent", "FR", "Continent of France?", "Europe")]
    [InlineData("continent", "NA", "Continent of Namibia?", "Africa")]
    [InlineData("currency", "FR", "Currency of France?", "EUR")]
    public void FactsAreAskedAndAnswered(string task, string id, string question, string answer)
    {
        var sample = TaskLoader.Load("generated://world/" + task).Train.Single(sample => sample.Id == id);
        Assert.Equal((question, answer), (sample.Messages.Single().Content, sample.Answer));
    }

    [Theory]
    [InlineData("capital", 240)]
    [InlineData("continent", 250)]
    [InlineData("currency", 250)]
    public void EveryTaughtFactIsAskedAndScoresOne(string name, int atLeast)
    {
        var task = TaskLoader.Load("generated://world/" + name);
        Assert.InRange(task.Train.Count, atLeast, 260);
        Assert.Equal(task.Train.Select(sample => (sample.Id, sample.Answer)), task.Eval.Select(sample => (sample.Id, sample.Answer)));
        Assert.All(task.Eval, sample => Assert.Equal(1, task.Scorer.Score(sample, sample.Answer)));
        Assert.Equal(task.Train.Count, task.Train.Select(sample => sample.Messages[0].Content).Distinct().Count());
    }

    [Fact]
    public void ACountryWithSeveralCurrenciesAcceptsEach()
    {
        var task = TaskLoader.Load("generated://world/currency");
        var haiti = task.Eval.Single(sample => sample.Id == "HT");
        Assert.Equal((1, 1, 0), (task.Scorer.Score(haiti, "HTG"), task.Scorer.Score(haiti, "USD"), task.Scorer.Score(haiti, "EUR")));
    }

    [Fact]
    public void ASmallerWorldAsksOnlyWhatItTaughtAndSpeaksOfTheSameCountriesInEveryTask()
    {
        var tasks = new[] { "capital", "continent", "currency" }.Select(name => TaskLoader.Load($"generated://world/{name}?seed=3&train=40&eval=30")).ToList();
        Assert.All(tasks, task => Assert.Equal((40, 30), (task.Train.Count, task.Eval.Count)));
        Assert.All(tasks, task => Assert.Empty(task.Eval.Select(sample => sample.Id).Except(task.Train.Select(sample => sample.Id))));
        var shared = tasks.Select(task => task.Train.Select(sample => sample.Id)).Aggregate((left, right) => left.Intersect(right));
        Assert.InRange(shared.Count(), 36, 40);
        Assert.NotEqual(tasks[0].Digest, TaskLoader.Load("generated://world/capital?seed=4&train=40&eval=30").Digest);
    }

    [Fact]
    public void FactsThatDoNotExistAreNotAsked() =>
        Assert.DoesNotContain(TaskLoader.Load("generated://world/capital").Train, sample => sample.Id == "AQ");
}

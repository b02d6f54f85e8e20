using System.Text.RegularExpressions;

namespace Cpt.Tasks;

/// <summary>
/// Facts of every country. The evaluation split asks for the facts of the train split: a fact that was never taught cannot be
/// inferred, so what is measured is recall, and what is lost of it when the next facts are learned.
/// </summary>
public static class WorldSuite
{
    public const string Name = "world";

    private static readonly (SuiteTask Task, Func<Country, IReadOnlyList<string>> Answers)[] s_facts =
    [
        (new SuiteTask("capital", "Capital of a country: Capital of France? → Paris", "ExactMatch"), country => country.Capital is null ? [] : [country.Capital]),
        (new SuiteTask("continent", "Continent of a country: Continent of France? → Europe", "ExactMatch"), country => [country.Continent]),
        (new SuiteTask("currency", "Currency code of a country: Currency of France? → EUR", "Pattern"), country => country.Currency),
    ];

    public static Suite Suite { get; } = new(
        Name,
        "Capital, continent and currency of every country; the evaluation asks for the taught facts",
        [.. s_facts.Select(fact => fact.Task)],
        [
            ("seed", "which facts are taught and asked when train or eval is less than all (default 0)"),
            ("train", "facts that are taught (default: all)"),
            ("eval", "facts that are asked, out of the taught ones (default: all of them)"),
        ])
    {
        Generate = Generate,
    };

    private static TaskData Generate(GeneratedTaskUri uri)
    {
        var (task, answers) = s_facts.First(fact => fact.Task.Name == uri.Task);
        var known = Country.All.Where(country => answers(country).Count > 0).ToArray();
        var trainCount = uri.Count("train", known.Length, 1, known.Length);
        var evalCount = uri.Count("eval", trainCount, 1, trainCount);
        var seed = uri.Seed();

        // Not seeded by the task's name: with equal options all three tasks speak of the same countries, as far as the facts exist.
        var drawn = Country.All.ToArray();
        new SplitMix64(seed).Shuffle(drawn.AsSpan());
        drawn = [.. drawn.Where(known.Contains).Take(trainCount)];
        var definition = new TaskDefinition
        {
            Name = task.Name,
            Description = task.Description,
            Scorer = task.Scorer,
            License = "MIT",
            Source = $"{GeneratedTaskUri.Scheme}{Name}/{task.Name}?seed={seed}&train={trainCount}&eval={evalCount}; countries-list, see NOTICE",
        };
        return Suites.Finish(definition, Samples(drawn), Samples(drawn.Take(evalCount)));

        Sample[] Samples(IEnumerable<Country> countries) => [.. countries.OrderBy(country => country.Code, StringComparer.Ordinal).Select(country => new Sample
        {
            Id = country.Code,
            Messages = [new TaskMessage("user", $"{char.ToUpperInvariant(task.Name[0])}{task.Name[1..]} of {country.Name}?")],
            Answer = answers(country)[0],
            Accept = task.Scorer == "Pattern" ? string.Join('|', answers(country).Select(Regex.Escape)) : null,
        })];
    }
}

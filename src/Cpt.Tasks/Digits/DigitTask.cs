namespace Cpt.Tasks;

/// <summary>
/// One rule from three digits to three digits. A general skill has one right answer; a new task has several for each digit,
/// so that how far a method moves the model is its own choice (arXiv:2509.04259).
/// </summary>
/// <param name="Name">For example <c>parity</c>.</param>
/// <param name="Letter">First character of the prompt.</param>
/// <param name="Description">One line.</param>
/// <param name="IsGeneral">General skill (taught by pretraining, never by a stage), or new task.</param>
/// <param name="Valid">Right digits, ascending, for each place of the answer; from the input's digits.</param>
public sealed record DigitTask(string Name, char Letter, string Description, bool IsGeneral, Func<IReadOnlyList<int>, IReadOnlyList<IReadOnlyList<int>>> Valid)
{
    /// <summary>Digits in a prompt and in an answer.</summary>
    public const int Length = 3;

    /// <summary>How many different prompts a task has: 1000.</summary>
    public const int Inputs = 1000;

    public string Prompt(int input) => $"{Letter}{input:D3}=";

    /// <param name="input">0..999, read as three digits.</param>
    public IReadOnlyList<IReadOnlyList<int>> ValidDigits(int input) => Valid([input / 100, input / 10 % 10, input % 10]);

    /// <summary>The smallest right digit in each place.</summary>
    public string Canonical(int input) => string.Concat(ValidDigits(input).Select(valid => valid[0]));

    /// <summary>Regular expression of every right answer.</summary>
    public string Accept(int input) => string.Concat(ValidDigits(input).Select(valid => valid.Count == 1 ? $"{valid[0]}" : $"[{string.Concat(valid)}]"));

    /// <summary>The four general skills, then the three new tasks in the order in which the example chains learn them.</summary>
    public static IReadOnlyList<DigitTask> All { get; } =
    [
        Skill("copy", 'C', "The same digits: C123= → 123", digits => digits),
        Skill("reverse", 'R', "The digits backwards: R123= → 321", digits => [digits[2], digits[1], digits[0]]),
        Skill("increment", 'I', "Each digit plus one, 9 becomes 0: I129= → 230", digits => [.. digits.Select(digit => (digit + 1) % 10)]),
        Skill("rotate", 'T', "The first digit goes to the end: T123= → 231", digits => [digits[1], digits[2], digits[0]]),
        New("parity", 'P', "Digits of the same parity, one for each: P123= → 101, 787, …", digit => digit % 2),
        New("half", 'H', "Digits of the same half (0–4 or 5–9), one for each: H183= → 050, 292, …", digit => digit / 5),
        New("residue", 'M', "Digits of the same residue modulo 3, one for each: M123= → 120, 759, …", digit => digit % 3),
    ];

    private static DigitTask Skill(string name, char letter, string description, Func<IReadOnlyList<int>, IReadOnlyList<int>> answer) =>
        new(name, letter, description, IsGeneral: true, digits => [.. answer(digits).Select(digit => (IReadOnlyList<int>)[digit])]);

    private static DigitTask New(string name, char letter, string description, Func<int, int> kind)
    {
        var valid = Enumerable.Range(0, 10)
            .Select(digit => (IReadOnlyList<int>)[.. Enumerable.Range(0, 10).Where(other => kind(other) == kind(digit))])
            .ToArray();
        return new(name, letter, description, IsGeneral: false, digits => [.. digits.Select(digit => valid[digit])]);
    }
}

namespace Cpt.Tasks;

/// <summary>A question about a picture that is drawn from a number.</summary>
/// <param name="Suite">First part of its URI.</param>
/// <param name="Name">Second part of its URI.</param>
/// <param name="Description">One line.</param>
/// <param name="Question">Asked behind the picture.</param>
/// <param name="Scorer">How answers are judged.</param>
/// <param name="Make">Draws everything from the generator it is given.</param>
public sealed record PictureTask(string Suite, string Name, string Description, string Question, string Scorer, Func<PictureDraw, PictureQuestion> Make)
{
    /// <summary>The question of a picture: a function of seed and index alone.</summary>
    public PictureQuestion Of(ulong seed, long index) => Make(new PictureDraw(seed, SplitMix64.Hash(Suite + "/" + Name), index));
}

/// <summary>A picture and what is right about it.</summary>
/// <param name="Picture">Shown.</param>
/// <param name="Answers">Every right answer; the first is the one that is taught.</param>
public sealed record PictureQuestion(Picture Picture, IReadOnlyList<string> Answers)
{
    /// <summary>Asked in place of the task's question, where every picture has its own.</summary>
    public string? Question { get; init; }

    /// <summary>Texts of the options A, B, …; they stand in the question as well.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What each of several people answered.</summary>
    public IReadOnlyList<string> Annotators { get; init; } = [];
}

/// <summary>Random numbers of one picture.</summary>
public sealed class PictureDraw
{
    private readonly SplitMix64 _random;

    internal PictureDraw(ulong seed, ulong task, long index) => _random = new SplitMix64(seed, task, (ulong)index);

    internal int Next(int bound) => _random.Next(bound);

    internal T Pick<T>(IReadOnlyList<T> items) => _random.Pick(items);

    internal void Shuffle<T>(Span<T> items) => _random.Shuffle(items);
}

namespace Cpt.Tasks;

/// <summary>
/// Seven small image tasks in the image of the seven that arXiv:2507.05386 learns one after another, in its order, and a benchmark of general skills that none of them asks for. Every task has a file
/// of its own here. Pictures have one to six image tokens of Qwen2.5-VL (28 × 28 pixels each), questions and answers a few dozen characters.
/// </summary>
public static class StudySuite
{
    public const string Name = "study";

    /// <summary>In the order in which the paper's chain learns its models.</summary>
    public static IReadOnlyList<PictureTask> Tasks { get; } =
    [
        Task("science", "Choice questions on a picture, as in ScienceQA: which of three tubes is the fullest?", "ChoiceLetter", StudyScience.Make),
        Task("text", "Reading rendered text, as in TextVQA: three letters", "ExactMatch", StudyText.Make),
        Task("blurred", "Pictures of which some are too blurred, as in VizWiz: a digit, or unanswerable; ten annotators", "VqaAccuracy", StudyBlurred.Make),
        Task("relations", "Relations in a scene, as in GQA: what stands beside the red shape?", "ExactMatch", StudyRelations.Make),
        Task("geometry", "Numbers on a drawing, as in Geometry3K: area or perimeter of a rectangle", "Latex", StudyGeometry.Make),
        Task("textures", "Yes or no on textures, as in PathVQA: stripes, checks or dots?", "YesNo", StudyTextures.Make),
        Task("counting", "Counting shapes, as in Super-CLEVR: those of a colour or of a kind", "Numeric", StudyCounting.Make),
    ];

    /// <summary>What no stage trains.</summary>
    public static PictureTask General { get; } = Task("general", "General skills that no other task of the suite asks for: a number, a colour, the larger of two", "ExactMatch", StudyGeneral.Make);

    public static Suite Suite { get; } = PictureSuites.Of(Name, "Seven image tasks in the image of arXiv:2507.05386, and general skills", [.. Tasks, General]);

    private static PictureTask Task(string name, string description, string scorer, Func<PictureDraw, PictureQuestion> make) => new(Name, name, description, "", scorer, make);
}

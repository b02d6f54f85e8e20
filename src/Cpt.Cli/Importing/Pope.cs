using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>POPE (Li et al. 2023, arXiv:2305.10355): is an object in the picture? Objects that are not are drawn at random, by how common they are, or by what usually stands beside what is there. A benchmark.</summary>
internal static class Pope
{
    private const string All = "all";

    private static readonly string[] s_kinds = ["random", "popular", "adversarial"];

    public static Dataset Dataset { get; } = new()
    {
        Name = "pope",
        Title = "POPE: is that object there? yes or no; a benchmark",
        Layout = "coco_pope_random.json, coco_pope_popular.json and coco_pope_adversarial.json, in output/coco/ or beside it (a line a question: question_id, image, text, label), and COCO's val2014/IMAGE",
        Origin = "github.com/RUCAIBox/POPE",
        Scorer = "YesNo",
        EvalSplit = All,
        Splits = [All, .. s_kinds],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        foreach (var kind in s_kinds.Where(kind => split == All || split == kind))
        {
            foreach (var entry in JsonEntries.Lines(source.File($"coco_pope_{kind}.json", $"output/coco/coco_pope_{kind}.json")))
            {
                if (sink.IsFull)
                    return;

                var image = entry.Text("image");
                sink.Add(entry, new Sample
                {
                    Id = $"{kind}-{entry.Text("question_id")}",
                    Messages = Questions.Asked(entry.Text("text") + Questions.YesOrNo),
                    Answer = entry.Text("label").Trim(),
                    Images = [sink.Picture(entry, source.Picture(entry, "image", $"val2014/{image}", $"images/{image}"), Path.GetFileNameWithoutExtension(image))],
                });
            }
        }
    }
}

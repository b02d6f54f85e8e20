using Cpt.Contract;
using Cpt.Storage;
using Cpt.Tasks;

namespace Cpt.Trainer.Tests;

/// <summary>The rooms Tasks and Contract may not know each other, and must name the same files by the same digest.</summary>
public sealed class TaskDigestRuleTests
{
    [Fact]
    public void TasksAndContractDigestFilesByTheSameRule()
    {
        (string, string)[] files =
        [
            ("train.jsonl", Digests.OfText("a")), ("images/ä.png", Digests.OfText("b")), ("Zoo.txt", Digests.OfText("")), ("images.txt", Digests.OfText("c")),
        ];
        Assert.Equal(Digests.OfFiles(files), TaskDigest.OfFiles(files));
        Assert.Equal(Digests.OfFiles([]), TaskDigest.OfFiles([]));
    }

    [Fact]
    public async Task ATaskDirectoryHasTheDigestOfItsFiles()
    {
        var directory = Directory.CreateTempSubdirectory("cpt-digest-");
        try
        {
            var path = Path.Combine(directory.FullName, "task");
            TaskWriter.Write(path, TaskLoader.Load("generated://digits/parity?train=4&eval=4"));
            File.WriteAllText(Path.Combine(path, ".hidden"), "also counts");
            Directory.CreateDirectory(Path.Combine(path, "images", "deep"));
            File.WriteAllText(Path.Combine(path, "images", "deep", "a.png"), "pixels");
            var files = new List<(string, string)>();
            foreach (var name in new[] { "task.json", "train.jsonl", "eval.jsonl", ".hidden", "images/deep/a.png" })
                files.Add((name, await Digests.OfFileAsync(Path.Combine(path, name), TestContext.Current.CancellationToken)));

            Assert.Equal(Digests.OfFiles(files), TaskLoader.LoadDirectory(path).Digest);
            var stored = await new InputResolver().MaterializeTaskAsync("file://" + path, Path.Combine(directory.FullName, "cache"), cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(stored.Digest, TaskLoader.LoadDirectory(path).Digest);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}

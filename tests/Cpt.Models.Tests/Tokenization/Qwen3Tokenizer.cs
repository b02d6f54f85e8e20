using System.Diagnostics;

namespace Cpt.Models.Tests;

/// <summary>The real Qwen3 tokenizer, fetched once into artifacts/.</summary>
public sealed class Qwen3Tokenizer
{
    public Qwen3Tokenizer()
    {
        using var fetch = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "eng", "fetch-test-data.sh")) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = fetch.StandardError.ReadToEnd();
        fetch.WaitForExit();
        Assert.True(fetch.ExitCode == 0, $"eng/fetch-test-data.sh failed: {errors}");
        Tokenizer = Tokenizer.Load(Path.Combine(Repository.Root, "artifacts", "test-data", "tokenizer-qwen3"));
    }

    public Tokenizer Tokenizer { get; }
}

using System.Runtime.InteropServices;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// Generates responses, with several workers each its share of the rows; afterwards every worker has all of them. What is drawn for a row hangs on the seed
/// and the row's place in the whole request, not on who draws it.
/// </summary>
internal sealed class RowGenerator(CausalLM model, WorkerGroup? workers)
{
    private readonly TextGenerator _generator = new(model);

    public IReadOnlyList<GeneratedRow> Generate(GenerationRequest request, CancellationToken cancellationToken)
    {
        if (workers is null) return _generator.Generate(request, cancellationToken).Rows;
        var own = workers.Together(() => Share(request, cancellationToken), cancellationToken);
        return [.. workers.Gather(Pack(own)).SelectMany(Unpack)];
    }

    private IReadOnlyList<GeneratedRow> Share(GenerationRequest request, CancellationToken cancellationToken)
    {
        var (from, to) = ((int)((long)request.Prompts.Count * workers!.Rank / workers.Size), (int)((long)request.Prompts.Count * (workers.Rank + 1) / workers.Size));
        if (from == to) return [];
        return _generator.Generate(
            request with
            {
                Prompts = [.. request.Prompts.Take(from..to)],
                Images = request.Images is { } images ? [.. images.Take(from..to)] : null,
                RowIds = [.. Enumerable.Range(from, to - from).Select(row => request.RowIds is { } ids ? ids[row] : row)],
                // Cores are shared out among the workers already.
                Threads = Math.Min(request.Threads, TorchRuntime.DefaultThreads),
            },
            cancellationToken).Rows;
    }

    /// <summary>Each row: tokens, whether it is finished, then the tokens and their log-probabilities.</summary>
    private static byte[] Pack(IReadOnlyList<GeneratedRow> rows)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (var row in rows)
        {
            writer.Write(row.Tokens.Length);
            writer.Write(row.LogProbs.Length);
            writer.Write(row.Finished);
            writer.Write(MemoryMarshal.AsBytes(row.Tokens.AsSpan()));
            writer.Write(MemoryMarshal.AsBytes(row.LogProbs.AsSpan()));
        }

        writer.Flush();
        return stream.ToArray();
    }

    private static IEnumerable<GeneratedRow> Unpack(byte[] packed)
    {
        using var reader = new BinaryReader(new MemoryStream(packed));
        while (reader.BaseStream.Position < packed.Length)
        {
            var (tokens, logProbs, finished) = (new int[reader.ReadInt32()], new float[reader.ReadInt32()], reader.ReadBoolean());
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(tokens.AsSpan()));
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(logProbs.AsSpan()));
            yield return new GeneratedRow(tokens, logProbs, finished);
        }
    }
}

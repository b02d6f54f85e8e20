using System.Globalization;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>The runs that are measured: real ones, each with a storage path of its own so that none reuses another's stages.</summary>
internal sealed class BenchRuns(KubernetesClient client, string volumes)
{
    private const string Claim = "bench";

    /// <summary>Calls side by side.</summary>
    private const int Parallelism = 16;

    /// <summary>The claim's directory with a base model in it that nobody loads.</summary>
    public void PrepareVolume()
    {
        var model = Path.Combine(volumes, Claim, "base");
        Directory.CreateDirectory(model);
        File.WriteAllText(Path.Combine(model, "config.json"), """{"model_type":"bench"}""");
        File.WriteAllBytes(Path.Combine(model, "model.safetensors"), [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']);
    }

    public Task CreateAsync(string @namespace, string name, int stages, CancellationToken cancellation) =>
        client.CreateAsync(RunObject.Of(Of(@namespace, name, stages)), cancellation: cancellation);

    /// <summary>Many at once, a bounded number of calls side by side.</summary>
    public Task CreateManyAsync(string @namespace, string prefix, int from, int to, int stages, CancellationToken cancellation) =>
        Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (i, cancellation) =>
            await CreateAsync(@namespace, Name(prefix, i), stages, cancellation));

    public static string Name(string prefix, int number) => prefix + number.ToString("D5", CultureInfo.InvariantCulture);

    /// <summary>Of runs of a namespace, by the word in <c>status.reason</c>.</summary>
    public async Task<IReadOnlyDictionary<string, int>> ReasonsAsync(string @namespace, CancellationToken cancellation)
    {
        var list = await client.ListAsync<RunObject>(new() { Namespace = @namespace }, cancellation);
        return list.Items.GroupBy(run => run.Status.Value?.Reason ?? "", StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
    }

    /// <summary>Until nothing is left; what they own goes with them. Not all by one call: for thousands of objects it takes longer than a server allows it.</summary>
    public async Task DeleteAllAsync(string @namespace, CancellationToken cancellation)
    {
        while (await client.ListPageAsync<RunObject>(new() { Namespace = @namespace, Limit = 500 }, cancellation) is { Items.Count: > 0 } page)
        {
            await Parallel.ForEachAsync(page.Items, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (run, cancellation) =>
            {
                try
                {
                    await client.DeleteAsync<RunObject>(run.Metadata.Name!, @namespace, new() { PropagationPolicy = PropagationPolicy.Background }, cancellation);
                }
                catch (KubernetesException error) when (error.IsNotFound)
                {
                    // Gone already.
                }
            });
        }

        while ((await client.ListPageAsync<Job>(new() { Namespace = @namespace, Limit = 1 }, cancellation)).Items.Count > 0)
        {
            await Task.Delay(200, cancellation);
        }
    }

    public static ContinualRun Of(string @namespace, string name, int stages) => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualRun.KindName,
        Metadata = new() { Name = name, Namespace = @namespace },
        Spec = new()
        {
            BaseModel = new() { Uri = $"pvc://{Claim}/base" },
            Storage = new() { Uri = $"pvc://{Claim}/{@namespace}/{name}" },
            Template = new() { Image = "example.invalid/cpt-trainer:bench" },
            Stages =
            [
                .. Enumerable.Range(0, stages).Select(i => new RunStage
                {
                    Name = "s" + i.ToString(CultureInfo.InvariantCulture),
                    Method = Method.SFT,
                    // One task for all: its digest is looked up once.
                    Task = new() { Uri = "generated://digits/parity?seed=1" },
                }),
            ],
        },
    };
}

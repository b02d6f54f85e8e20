using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>The longest sequence a stage may train on: what its spec allows, and never more than the model's context.</summary>
internal sealed class TokenLimit(ModelConfig model, OptimizationSpec optimization)
{
    /// <exception cref="StageFailureException"><c>SampleTooLong</c>, naming the sample, its length and the limit.</exception>
    public void Check(TaskData task, Sample sample, int promptTokens, int responseTokens, string response)
    {
        var total = promptTokens + responseTokens;
        if (total > model.MaxPositionEmbeddings)
        {
            throw TooLong($"the model's context is {model.MaxPositionEmbeddings} (max_position_embeddings); shorten or remove the sample");
        }

        if (total > optimization.MaxSequenceTokens)
        {
            throw TooLong(
                $"parameters.maxSequenceTokens is {optimization.MaxSequenceTokens}; raise it to at least {total} (the model's context is {model.MaxPositionEmbeddings}) " +
                "or shorten the sample");
        }

        StageFailureException TooLong(string limit) => new(
            ExitCodes.BadData, "SampleTooLong", $"task {task.Name}, train sample {sample.Id}: {promptTokens} prompt tokens and {responseTokens} {response} make {total}, but {limit}");
    }
}

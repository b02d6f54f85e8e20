using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Tests;

public sealed class FailuresTests
{
    public static TheoryData<Exception, int, string> Endings => new()
    {
        { new StageFailureException(ExitCodes.BadData, "NonFiniteLoss", "step 3"), ExitCodes.BadData, "NonFiniteLoss" },
        { new AggregateException(new StageFailureException(ExitCodes.StorageUnavailable, "StorageFull", "full")), ExitCodes.StorageUnavailable, "StorageFull" },
        { new ModelFormatException("model.safetensors", "is cut off"), ExitCodes.BadData, "CorruptModel" },
        { new TaskDataException("train.jsonl:3: no answer"), ExitCodes.BadData, "BadTask" },
        { new TaskNotFoundException("nowhere"), ExitCodes.InputNotFound, "NotFound" },
        { new IOException("No space left on device", 28), ExitCodes.StorageUnavailable, "StorageFull" },
        { new HttpRequestException("refused"), ExitCodes.StorageUnavailable, "StorageUnavailable" },
        { new OutOfMemoryException(), ExitCodes.Internal, "OutOfMemory" },
        { new TorchException("aten::empty", "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"), ExitCodes.Internal, "OutOfMemory" },
        { new TorchException("aten::mm", "shapes cannot be multiplied"), ExitCodes.Internal, "Internal" },
        { new InvalidOperationException("a bug"), ExitCodes.Internal, "Internal" },
        { new OperationCanceledException(), ExitCodes.Internal, "Internal" },
    };

    [Theory]
    [MemberData(nameof(Endings))]
    public void EveryKindOfFailureHasItsExitCode(Exception error, int exitCode, string reason)
    {
        var ending = Failures.Of(error, stopRequested: false);
        Assert.Equal((exitCode, reason), (ending.ExitCode, ending.Reason));
        Assert.Equal(exitCode == ExitCodes.Internal, ending.Unforeseen);
    }

    [Fact]
    public void CancellationIsAStopOnlyWhenAStopWasAskedFor()
    {
        var ending = Failures.Of(new OperationCanceledException(), stopRequested: true);
        Assert.Equal((ExitCodes.Stopped, "Stopped", false), (ending.ExitCode, ending.Reason, ending.Unforeseen));
    }
}

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
        { new TorchException("aten::empty", "CUDA out of memory. Tried to allocate 2.00 GiB."), ExitCodes.Internal, "DeviceOutOfMemory" },
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

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB of which 1.10 GiB is free. Process 1 has …", true,
        "the GPU's memory is exhausted when 2.00 GiB more were wanted; it has 79.11 GiB; tensors had 70.0 GiB at most, 77.5 GiB were taken from the device. Lower parameters.microBatchSize first")]
    [InlineData("CUDA out of memory. Tried to allocate 512.00 MiB.", false, "the GPU's memory is exhausted when 512.00 MiB more were wanted. Lower parameters.microBatchSize first")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", false, "the GPU's memory is exhausted. Lower parameters.microBatchSize first")]
    [InlineData("CUDA error: out of memory", false, "the GPU's memory is exhausted. Lower parameters.microBatchSize first")]
    public void AFullGpuSaysHowFullItWasAndWhatHelps(string libtorch, bool counted, string expected)
    {
        var memory = counted ? new DeviceMemory(60L << 30, 70L << 30, 70L << 30, 155L << 29) : null;
        var ending = Failures.Of(new TorchException("aten::mm", libtorch), stopRequested: false, memory);
        Assert.Equal("DeviceOutOfMemory", ending.Reason);
        Assert.StartsWith(expected, ending.Message, StringComparison.Ordinal);
        Assert.Contains("bfloat16-pure", ending.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CancellationIsAStopOnlyWhenAStopWasAskedFor()
    {
        var ending = Failures.Of(new OperationCanceledException(), stopRequested: true);
        Assert.Equal((ExitCodes.Stopped, "Stopped", false), (ending.ExitCode, ending.Reason, ending.Unforeseen));
    }
}

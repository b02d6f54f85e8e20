namespace Cpt.Torch.Tests;

public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData("cpu", 0, null, "cpu")]
    [InlineData("cpu", 8, "3", "cpu")]
    [InlineData("auto", 0, null, "cpu")]
    [InlineData("auto", 0, "3", "cpu")]
    [InlineData("auto", 1, null, "cuda:0")]
    [InlineData("auto", 8, "3", "cuda:3")]
    [InlineData("cuda", 8, "", "cuda:0")]
    [InlineData("cuda", 8, "7", "cuda:7")]
    public void ANameAndTheRankGiveTheDevice(string name, int count, string? rank, string expected) => Assert.Equal(expected, ComputeDevice.Choose(name, count, rank).ToString());

    [Fact]
    public void CudaWithoutADeviceSaysWhatToLookAt()
    {
        var message = Assert.Throws<TorchException>(() => ComputeDevice.Choose("cuda", 0, null)).Message;
        Assert.StartsWith("device cuda: libtorch finds no CUDA device here; check the pod's nvidia.com/gpu limit, ", message, StringComparison.Ordinal);
        Assert.EndsWith("or use auto", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tpu")]
    [InlineData("CUDA")]
    [InlineData("cuda:1")]
    [InlineData("")]
    public void AnotherNameIsRefusedWithWhatThereIs(string name) =>
        Assert.StartsWith($"device: '{name}' is unknown; give auto, cpu or cuda", Assert.Throws<ArgumentException>(() => ComputeDevice.Choose(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void ARankBehindTheLastDeviceIsRefusedWithTheNumberOfDevices() => Assert.Equal(
        "device cuda: LOCAL_RANK is 2, but the CUDA devices visible here are 2, numbered from 0; start as many processes as there are devices",
        Assert.Throws<TorchException>(() => ComputeDevice.Choose("auto", 2, "2")).Message);

    [Theory]
    [InlineData("-1")]
    [InlineData("first")]
    [InlineData("1.5")]
    [InlineData("99999999999")]
    public void ARankThatIsNoNumberIsRefused(string rank) => Assert.Equal(
        $"LOCAL_RANK: '{rank}' is not the number of a process on this machine; 0, 1, … would be",
        Assert.Throws<TorchException>(() => ComputeDevice.Choose("cuda", 2, rank)).Message);

    [Fact]
    public void TheCpuIsAlwaysThereAndItsMemoryIsNoDevices()
    {
        Assert.Equal(torch.CPU, ComputeDevice.Choose("cpu"));
        Assert.Equal(torch.CPU, ComputeDevice.InUse);
        Assert.Null(ComputeDevice.Memory());
    }

    [Fact]
    public void OnAMachineWithoutGpusAutoIsTheCpuAndCudaAnError()
    {
        if (torch.cuda_is_available()) Assert.Skip("this machine has one");
        Assert.Equal(torch.CPU, ComputeDevice.Choose("auto"));
        Assert.Throws<TorchException>(() => ComputeDevice.Choose("cuda"));
    }

    [Fact]
    public void MemoryIsUnknownWhereLibtorchCountsNothing()
    {
        Assert.Null(DeviceMemory.Of([0, 0, 0, 0]));
        Assert.Equal(new DeviceMemory(1, 2, 3, 4), DeviceMemory.Of([1, 2, 3, 4]));
    }

    [Fact]
    public void AnUploadToTheCpuIsTheTensorItself()
    {
        using var tensor = torch.tensor([1f, 2]);
        Assert.Same(tensor, tensor.upload(torch.CPU));
    }
}

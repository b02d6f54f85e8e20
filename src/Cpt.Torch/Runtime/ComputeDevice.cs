using System.Globalization;

namespace Cpt.Torch;

/// <summary>The one device a process computes on, and how exactly.</summary>
public static class ComputeDevice
{
    /// <summary>Which GPU of a machine with several this process has: what torchrun and our runners set, counted from 0.</summary>
    public const string RankVariable = "LOCAL_RANK";

    /// <summary>What <see cref="Choose(string)"/> gave last; null before.</summary>
    public static Device? InUse { get; private set; }

    /// <summary>Memory of the device in use; null on a CPU, and where libtorch is too old to tell.</summary>
    /// <remarks>By the device's own number: the thread that asks need not be the one that made it current.</remarks>
    public static DeviceMemory? Memory() => InUse is { type: DeviceType.CUDA } device ? DeviceMemory.Of(torch.cuda.Memory(device.index)) : null;

    /// <summary>Chooses the device and sets it up.</summary>
    /// <remarks>
    /// On CUDA products of float32 stay float32 (no TF32), and operators take their deterministic way: the same work gives the same bits again, which is
    /// what resuming a stage is measured by.
    /// </remarks>
    /// <param name="name"><c>cpu</c>, <c>cuda</c>, or <c>auto</c>: CUDA where there is such a device.</param>
    /// <exception cref="TorchException">The device is not there.</exception>
    /// <exception cref="ArgumentException">It is none of these names.</exception>
    public static Device Choose(string name)
    {
        var device = Choose(name, name == "cpu" ? 0 : torch.cuda.device_count(), Environment.GetEnvironmentVariable(RankVariable));
        if (device.type == DeviceType.CUDA)
        {
            torch.cuda.set_device(device.index);
            torch.allow_tf32(false);
            torch.use_deterministic_algorithms(true);
        }

        InUse = device;
        return device;
    }

    /// <param name="name">As above.</param>
    /// <param name="count">CUDA devices there are.</param>
    /// <param name="rank">Value of <see cref="RankVariable"/>; null where it is not set.</param>
    internal static Device Choose(string name, int count, string? rank)
    {
        if (name is not ("auto" or "cpu" or "cuda")) throw new ArgumentException($"device: '{name}' is unknown; give auto, cpu or cuda", nameof(name));
        if (name == "cpu" || (name == "auto" && count == 0)) return torch.CPU;
        if (count == 0)
        {
            throw new TorchException(
                "device cuda", "libtorch finds no CUDA device here; check the pod's nvidia.com/gpu limit, the driver and the image, and that the shim was built against a libtorch with CUDA (eng/build-shim.sh --torch DIR), or use auto");
        }

        var index = Rank(rank);
        return index < count ? new Device(DeviceType.CUDA, index) : throw new TorchException(
            "device cuda", string.Create(CultureInfo.InvariantCulture, $"{RankVariable} is {index}, but the CUDA devices visible here are {count}, numbered from 0; start as many processes as there are devices"));
    }

    /// <param name="text">The variable's value; null or empty where it is not set.</param>
    internal static int Rank(string? text)
    {
        if (string.IsNullOrEmpty(text)) return 0;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rank)
            ? rank
            : throw new TorchException(RankVariable, $"'{text}' is not the number of a process on this machine; 0, 1, … would be");
    }
}

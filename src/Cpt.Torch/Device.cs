using System.Globalization;

namespace Cpt.Torch;

/// <summary>Kinds of devices; the numbers are libtorch's own.</summary>
public enum DeviceType
{
    CPU = 0,
    CUDA = 1,
}

/// <summary>Where a tensor's memory is. An index of −1 is the current device of its kind.</summary>
public readonly record struct Device(DeviceType type, int index = -1)
{
    /// <summary>Reads <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static Device Parse(string text)
    {
        var parts = text.Split(':');
        var number = -1;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out number)))
            throw new FormatException($"'{text}' is not a device; 'cpu', 'cuda' or 'cuda:0' would be");
        return parts[0] switch
        {
            "cpu" => new Device(DeviceType.CPU, number),
            "cuda" => new Device(DeviceType.CUDA, number),
            _ => throw new FormatException($"'{text}' is not a device; 'cpu', 'cuda' or 'cuda:0' would be"),
        };
    }

    public override string ToString()
    {
        var name = type == DeviceType.CPU ? "cpu" : "cuda";
        return index < 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{index}");
    }
}

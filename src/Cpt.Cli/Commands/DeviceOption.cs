using System.CommandLine;
using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Cli.Commands;

/// <summary><c>--device</c>: where a command computes.</summary>
internal static class DeviceOption
{
    public static Option<string> Create()
    {
        var option = new Option<string>("--device") { Description = "cpu, cuda, or auto: cuda where there is one", HelpName = "DEVICE", DefaultValueFactory = _ => "cpu" };
        option.AcceptOnlyFromAmong("auto", "cpu", "cuda");
        return option;
    }

    /// <exception cref="CliException">69: there is no such device here.</exception>
    public static Device Of(string name)
    {
        try
        {
            return ComputeDevice.Choose(name);
        }
        catch (TorchException missing)
        {
            throw new CliException(ExitCodes.StorageUnavailable, missing.Message);
        }
    }
}

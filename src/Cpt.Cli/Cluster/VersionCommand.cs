using System.CommandLine;
using Cpt.Api;
using Cpt.Cli.Commands;
using Cpt.Contract;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary><c>kubectl cpt version</c>: this program, the server, and whether the server has the API.</summary>
internal static class VersionCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var client = new Option<bool>("--client") { Description = "This program only; no server is asked" };
        var output = Forms.Option(Forms.Table, Forms.Json, Forms.Yaml);
        var command = new Command("version", "Versions of this program, of the server, and of the API it serves")
        {
            client, output,
        }.WithExamples($"""
              {program} version
              {program} version --client
            """);
        command.SetAction((result, stop) => result.GetValue(client)
            ? CommandErrors.GuardAsync(result, () => WriteAsync(result.InvocationConfiguration.Output, new(Versions.Own, ContinualRun.GroupVersion, null, null, null), result.GetRequiredValue(output)))
            : ClusterErrors.GuardAsync(result, options, stop, async session => await WriteAsync(
                session.Output,
                new(Versions.Own, ContinualRun.GroupVersion, session.Client.Cluster.Server.ToString(), (await session.Client.GetVersionAsync(stop)).GitVersion, await session.Client.HasAsync<RunObject>(stop)),
                result.GetRequiredValue(output))));
        return command;
    }

    private static async Task<int> WriteAsync(TextWriter output, VersionDocument version, string form)
    {
        if (form != Forms.Table)
        {
            await Forms.WriteAsync(output, version, CliJson.Readable.VersionDocument, form);
            return ExitCodes.Done;
        }

        await output.WriteLineAsync($"Client version: {version.Client}");
        await output.WriteLineAsync($"API: {version.Api}{(version.ApiServed switch { true => "", false => $" (not installed on the server: {ClusterErrors.Install})", null => "" })}");
        if (version.Server is not null)
        {
            await output.WriteLineAsync($"Server: {version.Server} ({version.ServerVersion})");
        }

        return ExitCodes.Done;
    }
}

/// <param name="Client">Of this program.</param>
/// <param name="Api">The group and version it speaks.</param>
/// <param name="Server">Address.</param>
/// <param name="ServerVersion">Kubernetes' own.</param>
/// <param name="ApiServed">Whether the server has <paramref name="Api"/>.</param>
internal sealed record VersionDocument(string Client, string Api, string? Server, string? ServerVersion, bool? ApiServed);

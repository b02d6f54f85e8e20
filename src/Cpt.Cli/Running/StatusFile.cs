using System.Text.Json;
using Cpt.Api;

namespace Cpt.Cli.Running;

/// <summary>status.json: what the status subresource is on a cluster. Lost or broken, it is rebuilt from the jobs and the storage.</summary>
internal static class StatusFile
{
    public static ContinualRunStatus? Read(WorkDirectory work)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(work.StatusFile), ApiJson.Default.ContinualRunStatus);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    public static void Write(WorkDirectory work, ContinualRunStatus status) =>
        AtomicFile.Write(work.StatusFile, JsonSerializer.Serialize(status, ApiJson.Default.ContinualRunStatus));
}

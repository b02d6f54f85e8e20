using System.Text.Json;
using Cpt.Api;

namespace Cpt.Planning.Rules;

internal enum Change
{
    None,

    /// <summary>Only step counts moved.</summary>
    Progress,

    Meaningful,
}

/// <summary>Whether a status must be written. Statuses are compared as the text that would be written.</summary>
internal static class Changes
{
    public static Change Between(ContinualRunStatus? before, ContinualRunStatus after)
    {
        if (before is null)
        {
            return Change.Meaningful;
        }

        if (Text(before) == Text(after))
        {
            return Change.None;
        }

        return Text(WithoutProgress(before)) == Text(WithoutProgress(after)) ? Change.Progress : Change.Meaningful;
    }

    private static string Text(ContinualRunStatus status) => JsonSerializer.Serialize(status, ApiJson.Default.ContinualRunStatus);

    private static ContinualRunStatus WithoutProgress(ContinualRunStatus status) => status with
    {
        Progress = null,
        Stages = [.. status.Stages.Select(stage => stage with { Progress = null, ProgressTime = null, CheckpointStep = null })],
    };
}

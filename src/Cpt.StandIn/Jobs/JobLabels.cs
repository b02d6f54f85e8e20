namespace Cpt.StandIn;

/// <summary>What the Job controller writes on pods; the names without prefix are those of servers before 1.27.</summary>
internal static class JobLabels
{
    public const string OldName = "job-name";
    public const string Name = "batch.kubernetes.io/job-name";
    public const string OldUid = "controller-uid";
    public const string Uid = "batch.kubernetes.io/controller-uid";
    public const string Index = "batch.kubernetes.io/job-completion-index";
}

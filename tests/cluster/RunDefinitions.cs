namespace Cpt.Tests.Cluster;

/// <summary>Teaches a test cluster what a ContinualRun and a ContinualStudy are: the committed definitions, as a user installs them.</summary>
public static class RunDefinitions
{
    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "crds", "cpt.dev_continualruns.yaml");

    public static string StudyPath { get; } = System.IO.Path.Combine(Repository.Root, "crds", "cpt.dev_continualstudies.yaml");

    /// <summary>Returns once both can be listed.</summary>
    public static async Task InstallAsync(Kubectl kubectl, CancellationToken cancellation = default)
    {
        // Servers before 1.25 do not know CEL rules: kubectl would refuse to send them, the server itself drops them.
        await kubectl.OutputAsync(["apply", "--validate=false", "-f", Path, "-f", StudyPath], cancellation: cancellation);

        // The condition Established is said a moment before the first of its URLs answers, and before the server's schema for clients holds it.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while ((await kubectl.RunAsync(["get", "--raw", "/apis/cpt.dev/v1alpha1/continualruns?limit=1"], null, patience.Token)).ExitCode != 0
            || (await kubectl.RunAsync(["get", "--raw", "/apis/cpt.dev/v1alpha1/continualstudies?limit=1"], null, patience.Token)).ExitCode != 0
            || (await kubectl.RunAsync(["explain", "continualruns.spec"], null, patience.Token)).ExitCode != 0)
        {
            await Task.Delay(50, patience.Token);
        }
    }
}

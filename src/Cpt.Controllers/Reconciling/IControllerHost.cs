namespace Cpt.Controllers;

/// <summary>What the host needs of a controller, whatever its kind.</summary>
internal interface IControllerHost
{
    string Name { get; }

    /// <summary>Why it does not work as it should; null when it does.</summary>
    string? Problem { get; }

    /// <summary>Works until <see cref="StopAsync"/>, or until <paramref name="cancellation"/> breaks off what is being done.</summary>
    Task RunAsync(CancellationToken cancellation);

    /// <summary>No new work; ends when the running work has.</summary>
    Task StopAsync();
}

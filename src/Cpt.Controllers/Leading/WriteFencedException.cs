namespace Cpt.Controllers;

/// <summary>A write was not sent, because this process does not lead (any longer): what it would have written may be another one's by now.</summary>
public sealed class WriteFencedException(string call)
    : InvalidOperationException($"{call}: not sent; this process does not hold the lease, and whoever holds it may have decided otherwise");

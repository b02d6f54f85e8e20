namespace Cpt.Kubernetes;

/// <summary>No way to a cluster was found, or what was found cannot be used. The message names the file, the field, the value and what would be right.</summary>
public sealed class KubeconfigException(string message, Exception? innerException = null) : Exception(message, innerException);

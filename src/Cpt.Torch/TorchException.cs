namespace Cpt.Torch;

/// <summary>An error of libtorch. The message begins with the operator that refused: <c>aten::mm: mat1 and mat2 shapes cannot be multiplied …</c>.</summary>
public sealed class TorchException : Exception
{
    public TorchException(string operation, string reason)
        : base($"{operation}: {reason}") => Operation = operation;

    public TorchException(string operation, string reason, Exception inner)
        : base($"{operation}: {reason}", inner) => Operation = operation;

    /// <summary>The operator with its overload, or what else was asked of the library.</summary>
    public string Operation { get; }
}

namespace Cpt.Torch;

public static partial class torch
{
    /// <summary>Gradients without touching <see cref="Tensor.grad"/>.</summary>
    public static class autograd
    {
        /// <summary>d(outputs)/d(inputs), summed over outputs of one element each; null for an input they do not depend on.</summary>
        /// <exception cref="TorchException">Nothing was recorded for an output.</exception>
        public static unsafe Tensor?[] grad(ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor> inputs, bool retain_graph = false, bool create_graph = false)
        {
            var from = new nint[outputs.Length];
            var to = new nint[inputs.Length];
            var found = new nint[inputs.Length];
            fixed (nint* fromFirst = from, toFirst = to, foundFirst = found)
            {
                InFlight.Hold(outputs!, fromFirst);
                InFlight.Hold(inputs!, toFirst);
                Native.Check(Native.cpt_autograd_grad(fromFirst, from.Length, toFirst, to.Length, foundFirst, retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0), "autograd.grad");
            }

            return Array.ConvertAll(found, handle => handle == 0 ? null : new Tensor(handle));
        }
    }
}

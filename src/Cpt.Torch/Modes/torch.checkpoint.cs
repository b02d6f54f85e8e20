using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Cpt.Torch;

public static partial class torch
{
    /// <summary>Gradient checkpointing: a piece of a network whose activations are not kept for the backward pass but computed again there.</summary>
    public static class checkpoint
    {
        /// <summary>
        /// piece(input), with gradients for the input and for every parameter in it. Without grad mode it is called as it is.
        /// </summary>
        /// <param name="input">What the piece reads; it alone is kept.</param>
        /// <param name="anchor">Any leaf that is trained. The result needs a gradient even where the input needs none.</param>
        /// <param name="piece">
        /// Called once now and once in the backward pass, possibly on another thread; must compute the same both times. Its result must be a tensor of its own, not the input.
        /// </param>
        /// <param name="held">Tensors that the piece reads beside its input and the parameters: kept until it was called for the last time.</param>
        public static unsafe Tensor run(Tensor input, Tensor anchor, Func<Tensor, Tensor> piece, params ReadOnlySpan<Tensor?> held)
        {
            if (!is_grad_enabled()) return piece(input);
            var context = GCHandle.Alloc(new Piece(piece, held));
            var result = Native.cpt_checkpoint(input.Handle, anchor.Handle, &Run, &Release, GCHandle.ToIntPtr(context));
            GC.KeepAlive(input);
            GC.KeepAlive(anchor);
            if (result != 0) return new Tensor(result);
            Rethrow();
            throw Native.Error("checkpoint");
        }

        /// <summary>What a piece threw, in place of libtorch's account of it.</summary>
        internal static void Rethrow() => Interlocked.Exchange(ref s_thrown, null)?.Throw();

        // Not of a thread: on a GPU the backward pass has one of its own, and who asked for it waits on another.
        private static ExceptionDispatchInfo? s_thrown;

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        private static unsafe int Run(nint context, nint input, nint* result)
        {
            try
            {
                using var scope = NewDisposeScope();
                var piece = (Piece)GCHandle.FromIntPtr(context).Target!;
                *result = piece.Function(new Tensor(input)).DetachFromDisposeScope().Surrender();
                return 0;
            }
            catch (Exception exception)
            {
                s_thrown = ExceptionDispatchInfo.Capture(exception);
                return -1;
            }
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        private static void Release(nint context)
        {
            var handle = GCHandle.FromIntPtr(context);
            ((Piece)handle.Target!).Dispose();
            handle.Free();
        }

        private sealed class Piece : IDisposable
        {
            private readonly Tensor?[] _held;

            public Piece(Func<Tensor, Tensor> function, ReadOnlySpan<Tensor?> held)
            {
                Function = function;
                _held = held.ToArray();
            }

            public Func<Tensor, Tensor> Function { get; }

            public void Dispose()
            {
                foreach (var tensor in _held) tensor?.Dispose();
            }
        }
    }
}

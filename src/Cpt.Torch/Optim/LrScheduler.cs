namespace Cpt.Torch;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Learning rates as functions of the step alone, so that a resumed run needs no state for them.</summary>
        /// <remarks>The formulas of Hugging Face's <c>get_*_schedule_with_warmup</c>: the first step (0) of a warm-up has the rate 0.</remarks>
        public static class lr_scheduler
        {
            /// <summary>Rises to the full rate over the warm-up and stays there.</summary>
            public static double constant_with_warmup(long step, double lr, long warmup) => step < warmup ? Warmup(step, lr, warmup) : lr;

            /// <summary>Rises over the warm-up, then falls in a straight line to 0 at <paramref name="total"/>.</summary>
            public static double linear(long step, double lr, long warmup, long total) =>
                step < warmup ? Warmup(step, lr, warmup) : lr * Math.Max(0, (double)(total - step) / Math.Max(1, total - warmup));

            /// <summary>Rises over the warm-up, then falls along half a cosine wave to 0 at <paramref name="total"/>.</summary>
            public static double cosine(long step, double lr, long warmup, long total)
            {
                if (step < warmup) return Warmup(step, lr, warmup);
                var progress = (double)(step - warmup) / Math.Max(1, total - warmup);
                return lr * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress)));
            }

            private static double Warmup(long step, double lr, long warmup) => lr * ((double)step / Math.Max(1, warmup));
        }
    }
}

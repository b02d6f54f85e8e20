using Cpt.Contract;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Workers;

/// <summary>
/// What one of several workers prints. They all go through the same steps, so the first tells them; of the others only what went wrong is worth a line. The
/// result is told once, by whoever started them.
/// </summary>
/// <param name="inner">Where events go.</param>
/// <param name="place">This worker.</param>
/// <param name="launched">The launcher tells the result.</param>
internal sealed class WorkerSink(IEventSink inner, WorkerPlace place, bool launched) : IEventSink
{
    public void Write(TrainerEvent trainerEvent)
    {
        if (trainerEvent.Event == "result" && (launched || place.Rank > 0))
        {
            return;
        }

        if (place.Rank == 0)
        {
            inner.Write(trainerEvent);
        }
        else if (trainerEvent.Level != "info" && trainerEvent.Event != "result")
        {
            inner.Write(trainerEvent with { Message = $"worker {place.Rank}: {trainerEvent.Message}" });
        }
    }
}

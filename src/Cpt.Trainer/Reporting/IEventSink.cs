using Cpt.Contract;

namespace Cpt.Trainer.Reporting;

/// <summary>Where a stage tells what it does. Callable from any thread; never throws because nobody listens.</summary>
internal interface IEventSink
{
    void Write(TrainerEvent trainerEvent);
}

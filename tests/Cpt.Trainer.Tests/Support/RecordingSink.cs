using Cpt.Contract;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Tests;

internal sealed class RecordingSink : IEventSink
{
    private readonly List<TrainerEvent> _events = [];

    public IReadOnlyList<TrainerEvent> Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    public void Write(TrainerEvent trainerEvent)
    {
        lock (_events)
        {
            _events.Add(trainerEvent);
        }
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Trainer.Reporting;

/// <summary>One event a line, flushed: a reader that tails the log must see a step when it is done.</summary>
internal sealed class JsonEventSink(TextWriter output) : IEventSink
{
    // Not HTML: a log line with \u0027 for every apostrophe is unreadable.
    private static readonly ContractJson s_json = new(new JsonSerializerOptions(ContractJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private readonly Lock _gate = new();

    public void Write(TrainerEvent trainerEvent)
    {
        var line = JsonSerializer.Serialize(trainerEvent, s_json.TrainerEvent);
        lock (_gate)
        {
            try
            {
                output.WriteLine(line);
                output.Flush();
            }
            catch (IOException)
            {
                // The reader is gone or its disk is full; the stage's result does not depend on its log.
            }
        }
    }
}

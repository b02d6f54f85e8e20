namespace Cpt.Api.Schema.Reference;

/// <summary>One study in which every field has a value, but for its base, whose fields are those of a run.</summary>
internal static class StudySample
{
    public const string Json = """
        {
          "apiVersion": "cpt.dev/v1alpha1", "kind": "ContinualStudy", "metadata": {"name": "methods", "namespace": "ml"},
          "spec": {
            "seeds": [1, 2, 3], "baseline": "sft", "concurrency": 2, "suspend": false, "retryToken": "2026-01-15",
            "variants": [
              {"name": "grpo", "description": "rewards instead of answers", "patch": {"stages": [{"name": "*", "method": "RFT", "rft": {"algorithm": "GRPO"}}]}},
              {"name": "sft"}
            ],
            "base": {
              "baseModel": {"uri": "azblob://models/qwen2.5-vl-7b-instruct"}, "storage": {"uri": "azblob://checkpoints/methods"},
              "stages": [{"name": "scienceqa", "method": "SFT", "task": {"uri": "azblob://data/scienceqa"}}]
            }
          },
          "status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Succeeded", "status": "Unknown", "reason": "Running", "message": "2 runs are at work.", "observedGeneration": 1, "lastTransitionTime": "2026-01-15T08:00:00Z"}],
            "reason": "Running", "message": "2 runs are at work, 3 of 6 succeeded.", "runsDone": "3/6", "active": 2, "succeeded": 3, "failed": 1, "waiting": 1, "baseline": "sft",
            "startTime": "2026-01-15T08:00:00Z", "completionTime": "2026-01-19T20:41:07Z",
            "variants": [{
              "name": "grpo", "runsDone": "2/3", "averageAccuracy": "60.00 ± 0.41", "forgetting": "-2.30 ± 0.52", "forgettingFromPeak": "-2.90 ± 0.60", "generalSkills": "54.20 ± 0.30", "generalChange": "2.10 ± 0.30",
              "averageAccuracyFromBaseline": "6.00 ± 0.55", "forgettingFromBaseline": "8.10 ± 0.70"
            }],
            "runs": [{"name": "methods-grpo-1", "variant": "grpo", "seed": 1, "state": "Succeeded", "reason": "AllStagesFinished", "averageAccuracy": "60.29", "forgetting": "-2.67"}]
          }
        }
        """;
}

using System.Collections;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cpt.Api.Reading;

namespace Cpt.Api;

/// <summary>
/// Guards the fields that carry <see cref="Rules.ImmutableAttribute"/>. Servers with CEL refuse a change; where there is no CEL the controller never
/// sees the old value, so the status keeps a fingerprint of each.
/// </summary>
public static class ImmutableFields
{
    /// <summary>Fingerprint (16 hex digits) by path, with defaults applied: writing a default out is no change.</summary>
    public static IReadOnlyDictionary<string, string> Of(ContinualRun run)
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Collect(RunDefaults.Apply(run with { Spec = run.Spec with { Stages = [] } }).Spec, "spec", result);
        return result;
    }

    /// <summary>The fields of <paramref name="run"/> that differ from what was recorded.</summary>
    public static IReadOnlyList<FieldError> Changed(IReadOnlyDictionary<string, string> recorded, ContinualRun run) =>
    [
        .. Of(run)
            .Where(field => recorded.TryGetValue(field.Key, out var before) && before != field.Value)
            .Select(field => new FieldError(field.Key, "may not change once the run exists; put the old value back, or make a run with another name")),
    ];

    private static void Collect(object owner, string path, SortedDictionary<string, string> result)
    {
        foreach (var field in Field.Of(owner.GetType()))
        {
            var value = field.Get(owner);
            var place = $"{path}.{field.Name}";
            if (field.Immutable)
            {
                var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
                result[place] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
            }
            else if (value is not null and not IEnumerable && Field.IsObject(value.GetType()))
            {
                Collect(value, place, result);
            }
        }
    }
}

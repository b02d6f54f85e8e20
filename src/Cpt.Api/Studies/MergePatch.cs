using Cpt.Api.Reading;

namespace Cpt.Api.Studies;

/// <summary>
/// A JSON merge patch (RFC 7396) that knows which lists are maps: the entries of a list with <see cref="Rules.MapListAttribute"/> are addressed by their key, in the order in which
/// the patch names them. Works on what was read, not on JSON, so that whatever turns out to be wrong later still knows its line.
/// </summary>
internal sealed class MergePatch(List<FieldError> errors)
{
    /// <summary>Instead of a key: every entry that is there by then.</summary>
    public const string All = "*";

    private const string Directive = "$patch";
    private const string Delete = "delete";

    /// <param name="target">What is patched; stays as it is.</param>
    /// <param name="patch">What becomes of it.</param>
    /// <param name="type">What the target is read as; null where its fields are not ours.</param>
    /// <param name="path">Of the patch, for messages.</param>
    public YamlMap Apply(YamlMap target, YamlMap patch, Type? type, string path)
    {
        var entries = target.Entries.ToList();
        var fields = type is not null && Field.IsObject(type) ? Field.Of(type) : [];
        foreach (var (key, value) in patch.Entries)
        {
            var at = entries.FindIndex(entry => entry.Key.Value == key.Value);
            var before = at < 0 ? null : entries[at].Value;
            var field = fields.FirstOrDefault(known => known.Name == key.Value);
            var place = $"{path}.{key.Value}";
            if (value is YamlScalar scalar && PlainScalar.KindOf(scalar) == ScalarKind.Null)
            {
                if (at >= 0)
                {
                    entries.RemoveAt(at);
                }

                continue;
            }

            YamlNode after = value switch
            {
                YamlMap map => Apply(before as YamlMap ?? new YamlMap([], map.Line, map.Column), map, field?.FreeForm == true ? null : field?.Type, place),
                YamlList list when field is { MapKey: { } name } => List(before as YamlList ?? new YamlList([], list.Line, list.Column), list, Field.ItemType(field.Type), name, place),
                _ => value,
            };
            if (at < 0)
            {
                entries.Add(new YamlEntry(key, after));
            }
            else
            {
                entries[at] = new YamlEntry(key, after);
            }
        }

        return new YamlMap(entries, target.Line, target.Column);
    }

    private YamlList List(YamlList target, YamlList patch, Type? item, string key, string path)
    {
        var items = target.Items.ToList();
        foreach (var (index, node) in patch.Items.Index())
        {
            var place = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}[{index}]");
            if (node is not YamlMap map || map[key] is not YamlScalar { Value: { Length: > 0 } name })
            {
                errors.Add(new FieldError(place, $"has no {key}; a patch addresses the entries of this list by {key}, or all of them by {key}: \"{All}\"", node.Line, node.Column));
                continue;
            }

            if (Removes(map, place) is not { } removes)
            {
                continue;
            }

            var found = items.FindAll(entry => entry is YamlMap known && (name == All || Key(known, key) == name));
            if (found.Count == 0 && (removes || name == All))
            {
                errors.Add(new FieldError($"{place}.{key}", Absent(name, items, key), map.Line, map.Column));
                continue;
            }

            var changes = new YamlMap([.. map.Entries.Where(entry => entry.Key.Value != Directive && (entry.Key.Value != key || found.Count == 0))], map.Line, map.Column);
            if (found.Count == 0)
            {
                items.Add(Apply(new YamlMap([], map.Line, map.Column), changes, item, place));
                continue;
            }

            items = removes
                ? [.. items.Where(entry => !found.Contains(entry))]
                : [.. items.Select(entry => found.Contains(entry) ? Apply((YamlMap)entry, changes, item, place) : entry)];
        }

        return new YamlList(items, target.Line, target.Column);
    }

    /// <summary>Null: the directive is none, and an error says so.</summary>
    private bool? Removes(YamlMap map, string place)
    {
        if (map[Directive] is not { } directive)
        {
            return false;
        }

        if (directive is YamlScalar { Value: Delete })
        {
            return true;
        }

        errors.Add(new FieldError($"{place}.{Directive}", $"is not known; the only directive is {Directive}: {Delete}", directive.Line, directive.Column));
        return null;
    }

    private static string Absent(string name, List<YamlNode> items, string key)
    {
        var known = items.OfType<YamlMap>().Select(entry => Key(entry, key)).OfType<string>().ToList();
        var there = known.Count == 0 ? "the list is empty here" : $"there are {string.Join(", ", known)}";
        return name == All ? $"\"{All}\" addresses nothing: {there}" : $"\"{name}\" cannot be removed, since it is not there; {there}";
    }

    private static string? Key(YamlMap entry, string key) => (entry[key] as YamlScalar)?.Value;
}

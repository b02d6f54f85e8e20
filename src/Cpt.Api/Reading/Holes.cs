using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Cpt.Api.Reading;

/// <summary>Finds null where a value is due: in required fields (<c>required</c> asks only that the name is there), in lists and in maps.</summary>
internal static class Holes
{
    /// <exception cref="JsonException">There is one; the message names it.</exception>
    public static void Refuse(object owner, string path)
    {
        foreach (var field in Field.Of(owner.GetType()))
        {
            var place = $"{path}.{field.Name}";
            switch (field.Get(owner))
            {
                case null when field.Required:
                    throw new JsonException($"{place} is null; a value is required");
                case null:
                    break;
                case IReadOnlyDictionary<string, string> map:
                    if (map.FirstOrDefault(entry => entry.Value is null).Key is { } key)
                    {
                        throw new JsonException($"{place}.{key} is null; text is expected");
                    }

                    break;
                case IEnumerable list and not string when Field.ItemType(field.Type) is { } item:
                    var index = 0;
                    foreach (var entry in list)
                    {
                        var at = string.Create(CultureInfo.InvariantCulture, $"{place}[{index++}]");
                        if (entry is null)
                        {
                            throw new JsonException($"{at} is null; a value is expected");
                        }

                        if (Field.IsObject(item))
                        {
                            Refuse(entry, at);
                        }
                    }

                    break;
                case { } value when !field.FreeForm && Field.IsObject(field.Type):
                    Refuse(value, place);
                    break;
            }
        }
    }
}

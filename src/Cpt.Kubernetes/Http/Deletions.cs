using System.Text.Json;

namespace Cpt.Kubernetes;

/// <summary>A delete is answered with a Status when the object is gone, and with the object when it is not yet.</summary>
internal static class Deletions
{
    public static bool IsStatus(ReadOnlySpan<byte> answer)
    {
        var (isStatus, isCore) = (false, false);
        var reader = new Utf8JsonReader(answer);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isKind, isVersion) = (reader.ValueTextEquals("kind"u8), reader.ValueTextEquals("apiVersion"u8));
            reader.Read();
            isStatus |= isKind && reader.ValueTextEquals("Status"u8);
            isCore |= isVersion && reader.ValueTextEquals("v1"u8);
            reader.Skip();
        }

        return isStatus && isCore;
    }
}

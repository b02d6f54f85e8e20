namespace Cpt.Api.Reading;

/// <summary>What a manifest says, with the place where it says so.</summary>
internal abstract record YamlNode(int Line, int Column);

/// <param name="Quoted">Written in quotes or as a block: text whatever it looks like.</param>
internal sealed record YamlScalar(string Value, bool Quoted, int Line, int Column) : YamlNode(Line, Column);

internal sealed record YamlList(IReadOnlyList<YamlNode> Items, int Line, int Column) : YamlNode(Line, Column);

internal sealed record YamlMap(IReadOnlyList<YamlEntry> Entries, int Line, int Column) : YamlNode(Line, Column)
{
    /// <summary>The first value under this key.</summary>
    public YamlNode? this[string key] => Entries.FirstOrDefault(entry => entry.Key.Value == key)?.Value;
}

internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);

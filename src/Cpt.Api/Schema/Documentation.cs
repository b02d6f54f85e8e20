using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Cpt.Api.Schema;

/// <summary>
/// The summaries of a room's types as plain text, for <c>kubectl explain</c> and the reference. The compiler writes them into an XML file beside the assembly, and every build
/// and every publish copies the two together.
/// </summary>
internal sealed partial class Documentation
{
    private readonly Dictionary<string, XElement> _summaries;

    private Documentation(Dictionary<string, XElement> summaries) => _summaries = summaries;

    /// <exception cref="FileNotFoundException">The XML file is not there.</exception>
    public static Documentation Load() => Load(typeof(Documentation).Assembly);

    /// <exception cref="FileNotFoundException">The XML file is not there.</exception>
    public static Documentation Load(Assembly assembly)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path} is missing: it holds the descriptions of all fields and lies beside the program wherever that was built or published whole");
        }

        return new(XDocument.Load(path).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!, StringComparer.Ordinal));
    }

    /// <summary>One paragraph, or null where nothing is said.</summary>
    public string? Of(MemberInfo member)
    {
        var kind = member switch { Type => "T", PropertyInfo => "P", _ => "F" };
        var name = member is Type type ? type.FullName : $"{member.DeclaringType!.FullName}.{member.Name}";
        return _summaries.TryGetValue($"{kind}:{name}", out var summary) ? Blanks().Replace(Text(summary), " ").Trim() : null;
    }

    private static string Text(XElement element)
    {
        var result = new StringBuilder();
        foreach (var node in element.Nodes())
        {
            result.Append(CultureInfo.InvariantCulture, $"{node switch
            {
                XElement see when see.Attribute("cref") is { } cref => Reference(cref.Value),
                XElement other => Text(other),
                XText text => text.Value,
                _ => "",
            }}");
        }

        return result.ToString();
    }

    /// <summary>A property as the field that it is, everything else by its own name.</summary>
    private static string Reference(string cref)
    {
        var name = cref[(cref.LastIndexOf('.') + 1)..];
        return cref.StartsWith("P:", StringComparison.Ordinal) ? JsonNamingPolicy.CamelCase.ConvertName(name) : name;
    }

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();
}

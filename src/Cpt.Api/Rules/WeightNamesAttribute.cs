using System.Collections;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Cpt.Api.Rules;

/// <summary>Names of a model's weights or layers, or patterns of them: letters, digits, '.', '_', '-', and '*' for any characters, but not '*' alone.</summary>
/// <param name="example">For the message.</param>
public sealed partial class WeightNamesAttribute(string example) : FieldRuleAttribute
{
    private const string Expression = @"^[*]*[A-Za-z0-9._-][A-Za-z0-9._*-]*$";
    private const int MaximumLength = 128;

    public override string? Check(object value) =>
        ((IEnumerable)value).Cast<object?>().Select(name => name?.ToString()).FirstOrDefault(name => name is not null && (name.Length > MaximumLength || !Name().IsMatchWhole(name))) is { } wrong
            ? $"\"{(wrong.Length <= MaximumLength ? wrong : wrong[..MaximumLength] + "…")}\" is no name of weights; use letters, digits, '.', '_', '-' and '*' for any characters, at most {MaximumLength}, such as \"{example}\""
            : null;

    internal override string Said() => "names of weights; `*` for any characters";

    internal override void Describe(JsonObject schema)
    {
        schema["items"]!["maxLength"] = MaximumLength;
        schema["items"]!["pattern"] = Expression;
    }

    [GeneratedRegex(Expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}

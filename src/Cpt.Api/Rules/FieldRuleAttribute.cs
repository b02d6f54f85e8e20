using System.Text.Json.Nodes;

namespace Cpt.Api.Rules;

/// <summary>
/// A rule for one field, standing on the property it is about, so that the type file reads as the specification. The
/// same attributes are checked by <c>RunValidator</c> and become the schema of the CRD.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class FieldRuleAttribute : Attribute
{
    /// <summary>What is wrong with the value and what would be right, or null when it obeys. Never called with null.</summary>
    public abstract string? Check(object value);

    /// <summary>The rule in a few words, for the reference.</summary>
    internal abstract string Said();

    /// <summary>Adds the rule to the field's schema: what a server without CEL can hold as keywords, the rest as a CEL rule.</summary>
    internal abstract void Describe(JsonObject schema);
}

/// <summary>The field may not change once the run exists.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImmutableAttribute : Attribute;

/// <summary>The list is a map: entries are told apart by this field, which must be unique.</summary>
/// <param name="key">The JSON name of the key field.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MapListAttribute(string key) : Attribute
{
    public string Key { get; } = key;
}

/// <summary>The value is handed on as it stands (a fragment of a Pod): its fields are not ours to check.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FreeFormAttribute : Attribute;

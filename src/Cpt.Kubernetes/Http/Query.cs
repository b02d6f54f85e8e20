using System.Text;

namespace Cpt.Kubernetes;

/// <summary>Parameters behind a path; those without a value are left out.</summary>
internal sealed class Query(string path)
{
    private readonly StringBuilder _text = new(path);
    private char _next = '?';

    public Query Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _text.Append(_next).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            _next = '&';
        }

        return this;
    }

    public Query Add(string name, long? value) => Add(name, value?.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public Query AddIf(bool condition, string name, string value = "true") => condition ? Add(name, value) : this;

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}

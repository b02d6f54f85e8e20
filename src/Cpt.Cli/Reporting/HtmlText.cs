using System.Globalization;
using System.Net;
using System.Text;

namespace Cpt.Cli.Reporting;

/// <summary>Collects HTML. An interpolated value is always encoded; markup comes only from the literal parts and from <see cref="Raw"/>.</summary>
internal sealed class HtmlText
{
    private readonly StringBuilder _text = new();

    public HtmlText Add(FormattableString markup)
    {
        _text.Append(markup.ToString(Encoder.Instance));
        return this;
    }

    public HtmlText Raw(string html)
    {
        _text.Append(html);
        return this;
    }

    public override string ToString() => _text.ToString();

    private sealed class Encoder : IFormatProvider, ICustomFormatter
    {
        public static readonly Encoder Instance = new();

        public object? GetFormat(Type? formatType) => formatType == typeof(ICustomFormatter) ? this : null;

        public string Format(string? format, object? arg, IFormatProvider? formatProvider) => arg switch
        {
            RawHtml raw => raw.Html,
            IFormattable value => WebUtility.HtmlEncode(value.ToString(format, CultureInfo.InvariantCulture)),
            _ => WebUtility.HtmlEncode(arg?.ToString()) ?? "",
        };
    }
}

/// <summary>Markup that is known to be safe.</summary>
internal sealed record RawHtml(string Html);

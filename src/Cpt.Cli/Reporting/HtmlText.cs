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
        var arguments = markup.GetArguments().Select(argument => (object)(argument switch
        {
            null => "",
            RawHtml raw => raw.Html,
            IFormattable number => WebUtility.HtmlEncode(number.ToString(null, CultureInfo.InvariantCulture)),
            var other => WebUtility.HtmlEncode(other.ToString()) ?? "",
        })).ToArray();
        _text.AppendFormat(CultureInfo.InvariantCulture, markup.Format, arguments);
        return this;
    }

    public HtmlText Raw(string html)
    {
        _text.Append(html);
        return this;
    }

    public override string ToString() => _text.ToString();
}

/// <summary>Markup that is known to be safe.</summary>
internal sealed record RawHtml(string Html);

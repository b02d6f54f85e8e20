using System.Globalization;

namespace Cpt.Tasks;

/// <summary>
/// The value of a text that <see cref="LatexText"/> has made plain, by recursive descent:
/// <code>
/// sum     = product { ("+" | "-") product }
/// product = power { ["*" | "/"] power }
/// power   = ["-" | "+"] atom ["^" argument] { "%" }
/// atom    = number | "\pi" | "\frac" argument argument | "\sqrt" ["[" sum "]"] argument | "(" sum ")" | "[" sum "]" | "{" sum "}"
/// </code>
/// Nothing has a value that is not read to its end, is nested deeper than forty, or is not finite.
/// </summary>
internal ref struct LatexExpression
{
    private const int Deepest = 40;

    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _depth;

    private LatexExpression(ReadOnlySpan<char> text) => _text = text;

    public static double? Value(string text)
    {
        var expression = new LatexExpression(text);
        var value = expression.Sum();
        expression.Space();
        return expression._at == text.Length && double.IsFinite(value) ? value : null;
    }

    /// <summary>NaN stands for what cannot be read, all the way up.</summary>
    private double Sum()
    {
        if (++_depth > Deepest)
            return double.NaN;

        var value = Product();
        while (true)
        {
            if (Take("+"))
                value += Product();
            else if (Take("-"))
                value -= Product();
            else
                break;
        }

        _depth--;
        return value;
    }

    private double Product()
    {
        var start = _at;
        var value = Power();
        var whole = IsDigits(_text[start.._at].Trim());
        while (true)
        {
            Space();
            var apart = _at > 0 && char.IsWhiteSpace(_text[_at - 1]);
            if (Take("*"))
            {
                value *= Power();
            }
            else if (Take("/"))
            {
                value /= Power();
            }
            else if (whole && (Peek("\\frac") || (apart && char.IsAsciiDigit(Next()))))
            {
                // 1\frac{3}{4} and 1 3/4 are mixed numbers; "1 2" is none.
                var fraction = _at;
                value += Peek("\\frac") ? Power() : Power() / (Take("/") ? Power() : double.NaN);
                if (!_text[fraction.._at].ContainsAnyExcept("\\frac{}/0123456789 "))
                {
                    whole = false;
                    continue;
                }

                return double.NaN;
            }
            else if (Peek("\\frac") || Peek("\\sqrt") || Peek("\\pi") || Peek("(") || Peek("{"))
            {
                value *= Power();
            }
            else
            {
                return value;
            }

            whole = false;
        }
    }

    private double Power()
    {
        var sign = 1.0;
        while (true)
        {
            if (Take("-"))
                sign = -sign;
            else if (!Take("+"))
                break;
        }

        var value = Atom();
        if (Take("^"))
            value = Math.Pow(value, Argument());
        while (Take("%"))
            value /= 100;
        return sign * value;
    }

    private double Atom()
    {
        if (Take("\\pi"))
            return Math.PI;
        if (Take("\\frac"))
            return Argument() / Argument();
        if (Take("\\sqrt"))
        {
            var degree = Take("[") ? Closed(Sum(), "]") : 2;
            var under = Argument();
            return degree == 3 ? Math.Cbrt(under) : degree == 2 ? Math.Sqrt(under) : Math.Pow(under, 1 / degree);
        }

        if (Take("("))
            return Closed(Sum(), ")");
        if (Take("["))
            return Closed(Sum(), "]");
        return Take("{") ? Closed(Sum(), "}") : Number();
    }

    /// <summary>In braces, or a single digit: \frac12, \sqrt2, x^2. A power may also be a whole number with its sign, as people write it.</summary>
    private double Argument()
    {
        if (Take("{"))
            return Closed(Sum(), "}");

        if (Peek("\\") || Peek("("))
            return ++_depth > Deepest ? double.NaN : Atom();

        var power = _at > 0 && _text[.._at].TrimEnd().EndsWith("^");
        if (power)
            return Take("-") ? -Number() : Number();

        Space();
        return char.IsAsciiDigit(Next()) ? _text[_at++] - '0' : double.NaN;
    }

    private double Closed(double value, string bracket) => Take(bracket) ? value : double.NaN;

    private double Number()
    {
        Space();
        var start = _at;
        Digits();
        while (Next() == ',' && _at > start && _at - start <= 15 && IsDigits(Ahead(1, 3)) && !char.IsAsciiDigit(Ahead(4, 1) is [var after] ? after : ' '))
            _at += 4;
        if (Next() == '.' && (Ahead(1, 1) is [var digit] && char.IsAsciiDigit(digit) || _at > start))
        {
            _at++;
            Digits();
        }

        if (Next() is 'e' or 'E' && (IsDigits(Ahead(1, 1)) || (Ahead(1, 1) is "-" or "+" && IsDigits(Ahead(2, 1)))))
        {
            _at += 2;
            Digits();
        }

        return double.TryParse(_text[start.._at], NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;
    }

    private void Digits()
    {
        while (char.IsAsciiDigit(Next()))
            _at++;
    }

    private readonly char Next() => _at < _text.Length ? _text[_at] : '\0';

    private readonly ReadOnlySpan<char> Ahead(int from, int count) => _at + from + count <= _text.Length ? _text.Slice(_at + from, count) : [];

    private void Space()
    {
        while (char.IsWhiteSpace(Next()))
            _at++;
    }

    private bool Peek(string sign)
    {
        Space();
        return _text[_at..].StartsWith(sign, StringComparison.Ordinal);
    }

    private bool Take(string sign)
    {
        if (!Peek(sign))
            return false;

        _at += sign.Length;
        return true;
    }

    private static bool IsDigits(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');
}

using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Cpt.Api.Reading;

/// <summary>
/// Text to nodes. YAML's own tree would refuse a duplicate key with an exception and forget the quotes; both matter here.
/// JSON is read as the YAML that it is.
/// </summary>
internal sealed class YamlTree
{
    /// <summary>Aliases are expanded, and a few lines of them can stand for billions of nodes.</summary>
    private const int MaximumNodes = 200_000;

    private const int MaximumDepth = 64;

    private readonly IParser _parser;
    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);
    private readonly Dictionary<YamlNode, int> _sizes = new(ReferenceEqualityComparer.Instance);
    private readonly List<FieldError> _errors;

    private YamlTree(string text, List<FieldError> errors)
    {
        _parser = new Parser(new StringReader(text));
        _errors = errors;
    }

    /// <summary>The one document of the text, or null with the errors that say why there is none.</summary>
    public static YamlNode? Parse(string text, List<FieldError> errors)
    {
        var tree = new YamlTree(text, errors);
        try
        {
            return tree.Document();
        }
        catch (Exception problem) when (problem is InvalidOperationException or ArgumentException or FormatException or IndexOutOfRangeException)
        {
            // The scanner's own checks fail this way on some broken flow lists and escapes; it does not say where it stood then.
            var near = tree._parser.Current?.End ?? Mark.Empty;
            errors.Add(new FieldError("", "is neither YAML nor JSON: a value is broken here or in the next line", (int)near.Line, (int)near.Column));
            return null;
        }
        catch (YamlException problem)
        {
            errors.Add(new FieldError("", $"is neither YAML nor JSON: {Sentence(problem)}", (int)problem.Start.Line, (int)problem.Start.Column));
            return null;
        }
    }

    private YamlNode? Document()
    {
        YamlNode? root = null;
        var documents = 0;
        _parser.Consume<StreamStart>();
        while (!_parser.Accept<StreamEnd>(out _))
        {
            var start = _parser.Consume<DocumentStart>();
            var node = Node("", 0);
            _parser.Consume<DocumentEnd>();

            // A stray `---` at the end makes an empty document, which says nothing and does no harm.
            if (node is YamlScalar { Value: "", Quoted: false })
            {
                continue;
            }

            documents++;
            root ??= node;
            if (documents == 2)
            {
                _errors.Add(At(start.Start, "", "a second document begins here; a manifest holds one ContinualRun"));
            }
        }

        if (root is null)
        {
            _errors.Add(new FieldError("", "is empty; a ContinualRun is expected"));
        }

        return root;
    }

    private YamlNode Node(string path, int depth)
    {
        var current = _parser.Current!;
        if (depth > MaximumDepth)
        {
            throw new YamlException(current.Start, current.End, string.Create(CultureInfo.InvariantCulture, $"nested deeper than {MaximumDepth} levels"));
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return _anchors.TryGetValue(alias.Value.Value, out var known)
                ? known
                : throw new YamlException(alias.Start, alias.End, $"the alias *{alias.Value.Value} stands for nothing before it");
        }

        var anchor = current is NodeEvent { Anchor.IsEmpty: false } anchored ? anchored.Anchor.Value : null;
        YamlNode node = current switch
        {
            Scalar => ScalarNode(),
            SequenceStart => ListNode(path, depth),
            MappingStart => MapNode(path, depth),
            _ => throw new YamlException(current.Start, current.End, "a value is expected here"),
        };
        Count(node, current);
        if (anchor is not null)
        {
            _anchors[anchor] = node;
        }

        return node;
    }

    private YamlScalar ScalarNode()
    {
        var scalar = _parser.Consume<Scalar>();
        return new YamlScalar(scalar.Value, scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any), (int)scalar.Start.Line, (int)scalar.Start.Column);
    }

    private YamlList ListNode(string path, int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node(string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]"), depth + 1));
        }

        return new YamlList(items, (int)start.Start.Line, (int)start.Start.Column);
    }

    private YamlMap MapNode(string path, int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = new List<YamlEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var at = _parser.Current!.Start;
            if (Node(path, depth + 1) is not YamlScalar key)
            {
                throw new YamlException(at, at, "a field's name must be text");
            }

            var field = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            var value = Node(field, depth + 1);
            if (entries.FirstOrDefault(entry => entry.Key.Value == key.Value) is { } first)
            {
                _errors.Add(At(at, field, string.Create(CultureInfo.InvariantCulture, $"is given twice; the first time in line {first.Key.Line}")));
                continue;
            }

            entries.Add(new YamlEntry(key, value));
        }

        return new YamlMap(entries, (int)start.Start.Line, (int)start.Start.Column);
    }

    private void Count(YamlNode node, ParsingEvent at)
    {
        var size = 1L + node switch
        {
            YamlList list => list.Items.Sum(item => (long)_sizes[item]),
            YamlMap map => map.Entries.Sum(entry => 1L + _sizes[entry.Value]),
            _ => 0,
        };
        if (size > MaximumNodes)
        {
            throw new YamlException(at.Start, at.End, string.Create(CultureInfo.InvariantCulture, $"more than {MaximumNodes} values once its aliases are expanded"));
        }

        _sizes[node] = (int)size;
    }

    private static FieldError At(Mark mark, string path, string message) => new(path, message, (int)mark.Line, (int)mark.Column);

    /// <summary>The parser's message without its own copy of the position.</summary>
    private static string Sentence(YamlException problem)
    {
        var message = problem.Message;
        var end = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        message = end < 0 ? message : message[(end + 3)..];
        return message.Length == 0 ? "unreadable" : char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
    }
}

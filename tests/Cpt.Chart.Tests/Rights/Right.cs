using System.Text.Json.Nodes;

namespace Cpt.Chart.Tests.Rights;

/// <summary>One thing that a role allows, or that a call needs.</summary>
internal sealed record Right(string Group, string Resource, string Verb)
{
    /// <summary>Written "list jobs.batch", "get pods/proxy", "patch continualruns/status.cpt.dev".</summary>
    public override string ToString() => $"{Verb} {Resource}{(Group.Length > 0 ? "." + Group : "")}";

    public static Right Parse(string text)
    {
        var (verb, rest) = (text[..text.IndexOf(' ', StringComparison.Ordinal)], text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        var dot = rest.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? new("", rest, verb) : new(rest[(dot + 1)..], rest[..dot], verb);
    }

    /// <summary>What an API server asks its authorizer about a call; null for one that is not about a resource.</summary>
    public static Right? Of(HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var rest = path switch { ["api", _, .. var core] => core, ["apis", _, _, .. var named] => named, _ => [] };
        rest = rest is ["namespaces", _, _, ..] ? rest[2..] : rest;
        if (rest.Length == 0)
        {
            return null;
        }

        var verb = request.Method.Method switch
        {
            "GET" when request.RequestUri.Query.Contains("watch=", StringComparison.Ordinal) => "watch",
            "GET" => rest.Length > 1 ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => rest.Length > 1 ? "delete" : "deletecollection",
            var other => other,
        };
        return new(path[0] == "api" ? "" : path[1], rest.Length > 2 ? $"{rest[0]}/{rest[2]}" : rest[0], verb);
    }

    /// <summary>All that the rules of a role allow.</summary>
    public static IEnumerable<Right> Of(JsonObject role) =>
        from rule in role["rules"]!.AsArray()
        from @group in rule!["apiGroups"]!.AsArray()
        from resource in rule["resources"]!.AsArray()
        from verb in rule["verbs"]!.AsArray()
        select new Right((string)@group!, (string)resource!, (string)verb!);

    /// <summary>Takes it out of a role.</summary>
    /// <returns>Whether it was there.</returns>
    public bool RemoveFrom(JsonObject role)
    {
        var removed = false;
        foreach (var rule in role["rules"]!.AsArray().OfType<JsonObject>().ToList())
        {
            if (!rule["apiGroups"]!.AsArray().Any(group => (string?)group == Group) || !rule["resources"]!.AsArray().Any(resource => (string?)resource == Resource))
            {
                continue;
            }

            var verbs = rule["verbs"]!.AsArray();
            removed |= verbs.RemoveAll(verb => (string?)verb == Verb) > 0;
            if (verbs.Count == 0)
            {
                role["rules"]!.AsArray().Remove(rule);
            }
        }

        return removed;
    }
}

using System.Text.Json.Nodes;

namespace Cpt.Api.Schema;

/// <summary>What the CustomResourceDefinitions of this group have in common.</summary>
internal static class Definition
{
    /// <param name="kind">CamelCase.</param>
    /// <param name="plural">In URLs.</param>
    /// <param name="shortName">For people who type.</param>
    /// <param name="columns">Of <c>kubectl get</c>.</param>
    /// <param name="schema">Of the whole object.</param>
    public static JsonObject Of(string kind, string plural, string shortName, JsonArray columns, JsonObject schema) => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{plural}.{ContinualRun.Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = ContinualRun.Group,
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject
            {
                ["kind"] = kind,
                ["listKind"] = kind + "List",
                ["plural"] = plural,
                ["singular"] = kind.ToLowerInvariant(),
                ["shortNames"] = new JsonArray(shortName),
                // Not "all": "kubectl delete all --all" should take pods and Jobs, which come back, and not the runs, with whose end their checkpoints may go.
                ["categories"] = new JsonArray("cpt"),
            },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = ContinualRun.Version,
                ["served"] = true,
                ["storage"] = true,
                ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                ["additionalPrinterColumns"] = columns,
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = schema },
            }),
        },
    };

    public static JsonObject Column(string name, string type, string path, string description, bool wide = false)
    {
        var column = new JsonObject { ["name"] = name, ["type"] = type, ["jsonPath"] = path, ["description"] = description };
        if (wide)
        {
            column["priority"] = 1;
        }

        return column;
    }
}

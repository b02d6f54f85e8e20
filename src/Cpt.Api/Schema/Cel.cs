using System.Globalization;
using System.Text.Json.Nodes;

namespace Cpt.Api.Schema;

/// <summary>
/// Rules in the Common Expression Language, which API servers hold from 1.25 on and older ones drop. Only what 1.25 knows is used: constant messages, no
/// <c>fieldPath</c>, <c>reason</c> or <c>optionalOldSelf</c>, which strict clients refuse to send to a server that does not know them. A rule's place is
/// therefore as near to its field as can be.
/// </summary>
internal static class Cel
{
    public static void AddRule(this JsonObject schema, string rule, string message)
    {
        if (schema["x-kubernetes-validations"] is not JsonArray rules)
        {
            schema["x-kubernetes-validations"] = rules = [];
        }

        rules.Add(new JsonObject { ["rule"] = rule, ["message"] = message });
    }

    /// <summary>A double's literal: CEL does not compare doubles with integers.</summary>
    public static string Double(double value) => value.ToString("0.0###########", CultureInfo.InvariantCulture);
}

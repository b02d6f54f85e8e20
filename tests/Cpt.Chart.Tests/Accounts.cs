using System.Text.Json.Nodes;
using Cpt.Chart.Tests.Rights;
using Cpt.Kubernetes;

namespace Cpt.Chart.Tests;

/// <summary>Acting as a ServiceAccount: with a token that the server gave out for it, as a kubelet gets one for a pod.</summary>
internal static class Accounts
{
    public static async Task<ClusterConfig> ActAsAsync(this KubernetesClient administrator, string @namespace, string account)
    {
        var request = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject() };
        var answer = await administrator.RawAsync(HttpMethod.Post, $"/api/v1/namespaces/{@namespace}/serviceaccounts/{account}/token", request);
        return administrator.Cluster with { Credentials = ClusterCredentials.Token((string)answer!["status"]!["token"]!) };
    }

    /// <summary>Whether the server's authorizer lets the client do it.</summary>
    public static async Task<bool> MayAsync(this KubernetesClient client, Right right, string @namespace, string? name = null)
    {
        var resource = right.Resource.Split('/');
        var review = new JsonObject
        {
            ["apiVersion"] = "authorization.k8s.io/v1",
            ["kind"] = "SelfSubjectAccessReview",
            ["spec"] = new JsonObject
            {
                ["resourceAttributes"] = new JsonObject
                {
                    ["namespace"] = @namespace,
                    ["group"] = right.Group,
                    ["resource"] = resource[0],
                    ["subresource"] = resource.ElementAtOrDefault(1) ?? "",
                    ["verb"] = right.Verb,
                    ["name"] = name ?? "",
                },
            },
        };
        return (bool?)(await client.RawAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review))!["status"]!["allowed"] == true;
    }
}

using System.Reflection;

namespace Cpt.Tests;

/// <summary>Where the checkout lies: tests find golden values and examples from here.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
}

namespace Cpt.Chart.Tests.Releases;

/// <summary>One release at a time: the kind belongs to the whole cluster.</summary>
[CollectionDefinition(nameof(Release))]
public sealed class ReleaseCollection;

using System.Text.Json.Serialization;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.Runs;

/// <summary>A ContinualStudy as the API server stores it; as with <see cref="RunObject"/>, one that cannot be read blinds nobody to the others.</summary>
[KubernetesEntity(Group = ContinualRun.Group, ApiVersion = ContinualRun.Version, Kind = ContinualStudy.KindName, PluralName = ContinualStudy.Plural)]
public sealed record StudyObject : KubernetesObject
{
    [JsonConverter(typeof(PartConverter<ContinualStudySpec>))]
    public Part<ContinualStudySpec> Spec { get; set; }

    [JsonConverter(typeof(PartConverter<ContinualStudyStatus>))]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Part<ContinualStudyStatus> Status { get; set; }

    /// <summary>The object that the API server stores for a study.</summary>
    public static StudyObject Of(ContinualStudy study) => new()
    {
        Metadata = new() { Name = study.Metadata.Name, Namespace = study.Metadata.Namespace ?? RunDefaults.Namespace, Labels = study.Metadata.Labels?.ToDictionary(), Annotations = study.Metadata.Annotations?.ToDictionary() },
        Spec = new(study.Spec),
        Status = new(study.Status),
    };

    /// <summary>The study as the planner takes it. A status that cannot be read counts as lost.</summary>
    /// <exception cref="ManifestException">The spec cannot be read; every fault with its field.</exception>
    public ContinualStudy ToStudy() => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualStudy.KindName,
        Metadata = StoredParts.Metadata(Metadata),
        Spec = Spec.Value ?? throw StoredParts.Fault(ContinualStudy.KindName, Metadata, Spec, (text, source) => ManifestReader.ReadStudy(text, source)),
        Status = Status.Value,
    };
}

using System.Text.Json;
using Cpt.Api.Reading;

namespace Cpt.Api.Studies;

/// <summary>A study's manifest. Its runs are made from the nodes as they were written, so that an error in a run names the line of the patch that causes it.</summary>
internal static class StudyReader
{
    /// <param name="map">Whose kind is right.</param>
    /// <param name="errors">Grows by everything that is wrong.</param>
    public static ContinualStudy? Read(YamlMap map, List<FieldError> errors)
    {
        var own = new YamlMap([.. map.Entries.Where(entry => entry.Key.Value != "status")], map.Line, map.Column);
        var reader = new NodeReader(errors);
        var before = errors.Count;
        var json = reader.Read(own, typeof(ContinualStudy), "");
        if (json is null || reader.Incomplete || errors.Count > before)
        {
            return null;
        }

        var study = json.Deserialize(ApiJson.Default.ContinualStudy)!;
        errors.AddRange(StudyValidator.Own(study).Select(error => ManifestReader.Located(error, reader.Places)));
        if (errors.Count > before)
        {
            return study;
        }

        var (runs, wrong) = StudyExpansion.Of(study, own);
        errors.AddRange(wrong);
        if (wrong.Count == 0)
        {
            errors.AddRange(StudyRules.Comparable(study, runs).Select(error => ManifestReader.Located(error, reader.Places)));
        }

        return study;
    }
}

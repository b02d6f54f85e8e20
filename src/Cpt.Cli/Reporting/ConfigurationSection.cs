namespace Cpt.Cli.Reporting;

/// <summary>All that is needed to make the same thing again: settings, digests, the manifest.</summary>
internal static class ConfigurationSection
{
    public static void Write(HtmlText page, ReportModel model)
    {
        page.Raw("<section>\n<h2>Configuration and digests</h2>\n<div class=\"scroll\"><table class=\"plain\"><tbody>\n");
        Row(page, "base model", model.BaseModel);
        Row(page, "its digest", model.BaseModelDigest);
        Row(page, "storage", model.Storage);
        Row(page, "seed", model.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (var stage in model.Stages)
        {
            foreach (var task in stage.Tasks)
            {
                var label = stage.Tasks.Count == 1 ? $"{stage.Status.Name}: task" : $"{stage.Status.Name}: task {task.Name}";
                Row(page, label, task.Uri);
                Row(page, $"{label} digest", task.Digest);
            }

            Row(page, $"{stage.Status.Name}: beside it", stage.Beside.Length > 0 ? stage.Beside : null);
            Row(page, $"{stage.Status.Name}: stage hash", stage.Status.StageHash);
            Row(page, $"{stage.Status.Name}: checkpoint", stage.Status.CheckpointDigest);
        }

        page.Raw("</tbody></table></div>\n");
        Settings(page, model);
        page.Add($"<details><summary>The manifest as it ran</summary><pre tabindex=\"0\">{model.Manifest}</pre></details>\n</section>\n");
    }

    private static void Settings(HtmlText page, ReportModel model)
    {
        var names = model.Stages.SelectMany(stage => stage.Settings.Select(setting => setting.Name)).Distinct(StringComparer.Ordinal).ToList();
        if (names.Count == 0)
        {
            return;
        }

        page.Raw("<details><summary>Every setting of every stage, defaults included</summary>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">setting</th>");
        foreach (var stage in model.Stages)
        {
            page.Add($"<th scope=\"col\">{stage.Status.Name}</th>");
        }

        page.Raw("</tr></thead><tbody>\n");
        foreach (var name in names)
        {
            page.Add($"<tr><th scope=\"row\">{name}</th>");
            foreach (var stage in model.Stages)
            {
                page.Add($"<td>{stage.Settings.FirstOrDefault(setting => setting.Name == name).Value}</td>");
            }

            page.Raw("</tr>\n");
        }

        page.Raw("</tbody></table></div></details>\n");
    }

    private static void Row(HtmlText page, string name, string? value)
    {
        if (value is not null)
        {
            page.Add($"<tr><th scope=\"row\">{name}</th><td class=\"mono digest\">{value}</td></tr>\n");
        }
    }
}

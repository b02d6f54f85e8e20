using Cpt.Cli.Commands;
using Cpt.Cli.Running;
using Spectre.Console;

namespace Cpt.Cli.Display;

/// <summary><c>cpt plan</c> for people.</summary>
internal static class PlanText
{
    public static void Write(IAnsiConsole console, PlanDocument plan, WorkDirectory work)
    {
        console.MarkupLineInterpolated($"[bold]{plan.Run}[/] in {WorkDirectory.Shorten(work.Root)}: {plan.Reason}: {plan.Message}");
        console.WriteLine();
        var table = new Table().Border(TableBorder.None).AddColumns("stage", "method", "task", "what", "why");
        foreach (var stage in plan.Stages)
        {
            table.AddRow(Markup.Escape(stage.Name), stage.Method, Markup.Escape(stage.Task), $"[bold]{stage.What}[/]", Markup.Escape(stage.Why));
        }

        console.Write(table);
        if (plan.Actions.Count > 0)
        {
            console.WriteLine();
            console.MarkupLine("[bold]Now[/]");
            foreach (var action in plan.Actions)
            {
                console.MarkupLineInterpolated($"  {action}");
            }
        }

        console.WriteLine();
        console.MarkupLine("[bold]Why[/]");
        foreach (var because in plan.Explanations)
        {
            console.MarkupLineInterpolated($"  {(because.Stage.Length > 0 ? because.Stage + ": " : "")}{because.Message} [grey]({because.Rule}: {because.Reason})[/]");
        }
    }
}

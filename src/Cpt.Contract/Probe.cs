using System.Text.Json.Serialization;

namespace Cpt.Contract;

/// <summary>Asks before a stage trains which method has something to learn from. Decides no weight, so it is no part of the stage hash.</summary>
public sealed record ProbeSpec
{
    /// <summary>Train samples that are asked.</summary>
    public int Samples { get; init; } = 64;

    /// <summary>Rollouts of each.</summary>
    public int Rollouts { get; init; } = 8;

    /// <summary>How they are sampled and rewarded: as the stage's own, or as an RFT stage on its task would.</summary>
    public required RftSpec Sampling { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ProbeVerdict>))]
public enum ProbeVerdict
{
    RFT,

    /// <summary>RFT, and a filter for the many samples that are never solved.</summary>
    RFTWithInstanceFilter,

    SFT,

    /// <summary>The model solves the task already.</summary>
    NothingToLearn,
}

/// <summary><c>stages/&lt;hash&gt;/probe.json</c>, and what <c>cpt probe -o json</c> prints. Shares are 0..1.</summary>
public sealed record ProbeReport
{
    public int Version { get; init; } = 1;

    public required ProbeVerdict Verdict { get; init; }

    /// <summary>The verdict in words, with the two figures that decide most of them.</summary>
    public required string Summary { get; init; }

    /// <summary>Why, a sentence each.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    public required string Task { get; init; }

    /// <summary>Digest of the model that was asked.</summary>
    public string? ModelDigest { get; init; }

    /// <summary>Train samples asked; each has one group of rollouts.</summary>
    public required int Samples { get; init; }

    /// <summary>Of each sample.</summary>
    public required int Rollouts { get; init; }

    /// <summary>Of all rollouts, those that solve their sample.</summary>
    public required double SolvedRate { get; init; }

    /// <summary>Of all groups, those that no rollout solves.</summary>
    public required double AllWrong { get; init; }

    /// <summary>Of all groups, those that every rollout solves.</summary>
    public required double AllRight { get; init; }

    /// <summary>Of all groups, those that some rollouts solve and some do not.</summary>
    public required double Mixed { get; init; }

    /// <summary>Of all groups, those whose rewards differ: only these give a gradient.</summary>
    public required double WithGradient { get; init; }

    /// <summary>Of all rollouts, those of the form that was asked for; 1 where none is.</summary>
    public required double FormatRate { get; init; }

    /// <summary>Of all rollouts, those cut at the longest response.</summary>
    public required double CutRate { get; init; }

    /// <summary>Mean length of a rollout.</summary>
    public required double ResponseTokens { get; init; }

    public required ProbeExample Example { get; init; }
}

/// <param name="Sample">Id of a train sample.</param>
/// <param name="Prompt">What the model was given, shortened.</param>
/// <param name="Response">One of its rollouts, shortened.</param>
/// <param name="Expected">What is right.</param>
/// <param name="Reward">What the rollout earned.</param>
/// <param name="Solved">How many rollouts of the sample solve it.</param>
public sealed record ProbeExample(string Sample, string Prompt, string Response, string Expected, double Reward, int Solved);

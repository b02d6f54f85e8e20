using Cpt.Cli.Studies;

namespace Cpt.Cli.Tests.Studies;

public sealed class StageClaimTests
{
    private readonly StageClaims _claims = new();

    [Fact]
    public void OneStageIsOneRuns()
    {
        Assert.True(_claims.TryTake("one", ["x"], out _, out _));
        Assert.False(_claims.TryTake("two", ["x"], out var holder, out _));
        Assert.Equal("one", holder);
        Assert.True(_claims.TryTake("two", ["y"], out _, out _));
    }

    [Fact]
    public void WhatARunHasIsNotInItsOwnWay()
    {
        Assert.True(_claims.TryTake("one", ["x"], out _, out _));
        Assert.True(_claims.TryTake("one", ["x", "y"], out _, out _));
    }

    [Fact]
    public void NothingIsTakenWhereOneIsMissing()
    {
        Assert.True(_claims.TryTake("one", ["x"], out _, out _));
        Assert.False(_claims.TryTake("two", ["y", "x"], out _, out _));
        Assert.True(_claims.TryTake("three", ["y"], out _, out _));
    }

    [Fact]
    public void WhoeverWaitsIsToldOfEachReturn()
    {
        Assert.True(_claims.TryTake("one", ["x", "base-1"], out _, out _));
        Assert.False(_claims.TryTake("two", ["base-1"], out _, out var released));
        Assert.False(released.IsCompleted);
        _claims.Release("one", name => name == "base-1");
        Assert.True(released.IsCompleted);
        Assert.True(_claims.TryTake("two", ["base-1"], out _, out _));
        Assert.True(_claims.IsTaken("two", ["x"], out _));
    }

    [Fact]
    public void GivingBackNothingTellsNobody()
    {
        Assert.True(_claims.TryTake("one", ["x"], out _, out _));
        Assert.False(_claims.TryTake("two", ["x"], out _, out var released));
        _claims.Release("two");
        Assert.False(released.IsCompleted);
    }
}

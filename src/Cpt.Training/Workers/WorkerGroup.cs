using System.Text;
using Cpt.Torch;
using static Cpt.Torch.torch.distributed;

namespace Cpt.Training;

/// <summary>
/// The workers that train one stage together, seen from one of them. All of them walk through the same loop; where one would act on something that only it
/// knows (a signal, a file), they agree on it here first, in the same order everywhere.
/// </summary>
/// <param name="control">For what the workers tell each other; on the CPU.</param>
/// <param name="gradients">
/// For gradients and weights, where the model computes. Another group than <paramref name="control"/>: sums of gradients begin in the middle of a backward pass, and so in
/// another order with what the workers tell each other in one worker than in the next.
/// </param>
/// <param name="stopAgreed">Called when the workers agreed to stop, also where nobody asked this one.</param>
public sealed class WorkerGroup(ProcessGroup control, ProcessGroup gradients, Action? stopAgreed = null)
{
    /// <summary>This worker, from 0.</summary>
    public int Rank => control.Rank;

    public int Size => control.Size;

    /// <summary>The one that writes.</summary>
    public bool IsFirst => Rank == 0;

    internal ProcessGroup Gradients => gradients;

    /// <summary>All stop, or none: as soon as one of them was asked to.</summary>
    /// <exception cref="OperationCanceledException">At this same point in every worker.</exception>
    public void ThrowIfStopped(CancellationToken cancellationToken)
    {
        if (AnyOf(cancellationToken.IsCancellationRequested)) Stop(cancellationToken);
    }

    /// <summary>Does a worker's own part of something; one that is cancelled in the middle of it cancels all, after all came to the end of theirs.</summary>
    internal T Together<T>(Func<T> part, CancellationToken cancellationToken)
    {
        T? result = default;
        var cancelled = false;
        try
        {
            result = part();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            cancelled = true;
        }

        if (AnyOf(cancelled)) Stop(cancellationToken);
        return result!;
    }

    /// <summary>Everybody's values, summed place by place, with the same bits everywhere.</summary>
    internal double[] Sum(params double[] values)
    {
        using var tensor = torch.tensor<double>(values, [values.Length]).DetachFromDisposeScope();
        control.all_reduce(tensor).wait();
        return tensor.data<double>();
    }

    /// <summary>Everybody's bytes, by rank.</summary>
    internal byte[][] Gather(byte[] own)
    {
        using var scope = torch.NewDisposeScope();
        var lengths = torch.zeros([Size], ScalarType.Int64);
        control.all_gather_into_tensor(lengths, torch.tensor<long>([own.Length], [1])).wait();
        var each = lengths.data<long>();
        var longest = each.Max();
        if (longest == 0) return Array.ConvertAll(each, _ => Array.Empty<byte>());

        // Parts of one length: the longest's.
        Array.Resize(ref own, checked((int)longest));
        var all = torch.zeros([Size * longest], ScalarType.Byte);
        control.all_gather_into_tensor(all, torch.tensor<byte>(own, [longest])).wait();
        var bytes = all.data<byte>();
        return [.. each.Select((length, rank) => bytes.AsSpan((int)(rank * longest), (int)length).ToArray())];
    }

    /// <summary>The first worker's text.</summary>
    /// <param name="text">What the first says; the others' is not looked at.</param>
    public string Broadcast(string text)
    {
        using var scope = torch.NewDisposeScope();
        var bytes = IsFirst ? Encoding.UTF8.GetBytes(text) : [];
        var length = torch.tensor<long>([bytes.Length], [1]);
        control.broadcast(length, 0).wait();
        var count = length.item<long>();
        if (count == 0) return "";
        var content = IsFirst ? torch.tensor<byte>(bytes, [count]) : torch.zeros([count], ScalarType.Byte);
        control.broadcast(content, 0).wait();
        return Encoding.UTF8.GetString(content.data<byte>());
    }

    /// <summary>Nobody goes on before everybody is here.</summary>
    public void Barrier() => control.barrier();

    /// <summary>Whether it holds for any of them.</summary>
    public bool AnyOf(bool own)
    {
        using var flag = torch.tensor<long>([own ? 1 : 0], [1]).DetachFromDisposeScope();
        control.all_reduce(flag, ReduceOp.MAX).wait();
        return flag.item<long>() != 0;
    }

    private void Stop(CancellationToken cancellationToken)
    {
        stopAgreed?.Invoke();
        throw new OperationCanceledException(cancellationToken);
    }
}

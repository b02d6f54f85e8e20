using System.Buffers;

namespace Cpt.Kubernetes;

/// <summary>Bytes between a stream and a parser, in an array of the shared pool: filled at the end, consumed at the start.</summary>
internal sealed class PooledBuffer(int size) : IDisposable
{
    private byte[] _array = ArrayPool<byte>.Shared.Rent(size);
    private int _start;
    private int _end;

    public int Length => _end - _start;

    public ReadOnlySpan<byte> Span => _array.AsSpan(_start, _end - _start);

    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Reads what the stream has now. Makes room first: what is unread moves to the front, and when it fills the array, the array doubles.</summary>
    /// <returns>0 at the stream's end.</returns>
    public async ValueTask<int> FillAsync(Stream stream, CancellationToken cancellation)
    {
        if (_end == _array.Length)
        {
            MakeRoom();
        }

        var count = await stream.ReadAsync(_array.AsMemory(_end), cancellation);
        _end += count;
        return count;
    }

    public void Dispose()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
            _start = _end = 0;
        }
    }

    private void MakeRoom()
    {
        var unread = Span;
        if (unread.Length <= _array.Length / 2)
        {
            unread.CopyTo(_array);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(checked(_array.Length * 2));
            unread.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }

        (_start, _end) = (0, unread.Length);
    }
}

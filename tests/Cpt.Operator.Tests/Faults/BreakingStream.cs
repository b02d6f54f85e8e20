namespace Cpt.Operator.Tests.Faults;

/// <summary>A connection that breaks some time after it was opened.</summary>
internal sealed class BreakingStream : Stream
{
    private readonly Stream _inner;
    private readonly CancellationTokenSource _broken;

    public BreakingStream(Stream inner, TimeSpan life) => (_inner, _broken) = (inner, new CancellationTokenSource(life));

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _broken.Token);
        try
        {
            return await _inner.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException broken) when (_broken.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException("the connection was reset", broken);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            _broken.Dispose();
        }

        base.Dispose(disposing);
    }
}

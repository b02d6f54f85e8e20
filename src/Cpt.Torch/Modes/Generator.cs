namespace Cpt.Torch;

/// <summary>A stream of random numbers of one's own. One thread at a time may draw from it.</summary>
public sealed class Generator : IDisposable
{
    private nint _handle;

    /// <param name="seed">Equal seeds give equal streams on one kind of device and one libtorch.</param>
    /// <param name="device">Where it is drawn from; the CPU if null.</param>
    public Generator(ulong seed = 0, Device? device = null)
    {
        var place = device ?? torch.CPU;
        _handle = Native.Check(Native.cpt_generator_new((int)place.type, place.index, seed), "Generator");
    }

    ~Generator() => Native.cpt_generator_free(_handle);

    private nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(Generator));

    internal static Argument ArgumentOf(Generator? generator) => generator is null ? Argument.None : new Argument(Argument.GeneratorTag, generator.Handle);

    /// <summary>Begins the stream of a seed.</summary>
    public Generator manual_seed(ulong seed)
    {
        Native.Check(Native.cpt_generator_seed(Handle, seed), "manual_seed");
        return this;
    }

    /// <summary>Where the stream stands: a Byte tensor that can be saved.</summary>
    public Tensor get_state() => new(Native.Check(Native.cpt_generator_state(Handle), "get_state"));

    /// <summary>Goes on from a saved state.</summary>
    /// <exception cref="TorchException">The tensor is no state of this kind of generator.</exception>
    public void set_state(Tensor state)
    {
        Native.Check(Native.cpt_generator_set_state(Handle, state.Handle), "set_state");
        GC.KeepAlive(state);
    }

    public void Dispose()
    {
        if (_handle != 0) Native.cpt_generator_free(_handle);
        _handle = 0;
        GC.SuppressFinalize(this);
    }
}

using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Cpt.Models;

/// <summary>
/// A safetensors file, memory-mapped: opening reads only the header, and a tensor's bytes are paged in when they are copied.
/// Format: github.com/huggingface/safetensors. The file must not change while it is open.
/// </summary>
public sealed unsafe partial class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<string, SafetensorsTensor> _byName;
    private readonly long _dataStart;
    private byte* _base;

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, byte* start, long dataStart, List<SafetensorsTensor> tensors, Dictionary<string, string> metadata)
    {
        Path = path;
        _map = map;
        _view = view;
        _base = start;
        _dataStart = dataStart;
        Tensors = tensors;
        Metadata = metadata;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    public string Path { get; }

    /// <summary>In the order of their data.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The header's <c>__metadata__</c>; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">The file is cut off or not safetensors.</exception>
    public static SafetensorsFile Open(string path)
    {
        var fileBytes = new FileInfo(path) is { Exists: true } info ? info.Length : throw new FileNotFoundException($"{path}: no such file", path);
        if (fileBytes < 10)
        {
            throw new ModelFormatException(path, $"the file has {fileBytes} bytes; expected at least 10: it is cut off or not a safetensors file");
        }

        var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
        var view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        try
        {
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            start += view.PointerOffset;
            var dataStart = SafetensorsHeader.CheckLength(path, BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, 8)), fileBytes);
            var (tensors, metadata) = SafetensorsHeader.Read(path, new ReadOnlySpan<byte>(start + 8, (int)(dataStart - 8)), fileBytes - dataStart);
            return new SafetensorsFile(path, map, view, start, dataStart, tensors, metadata);
        }
        catch
        {
            if (start != null)
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            view.Dispose();
            map.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of the memory that a tensor's bytes take while they are mapped. They may be read again.</summary>
    internal void Forget(SafetensorsTensor tensor)
    {
        var page = Environment.SystemPageSize;
        var first = (nint)Address(tensor) / page * page;
        var end = ((nint)Address(tensor) + (nint)tensor.Length + page - 1) / page * page;
        // Advice: where the system does not take it, nothing is lost but the memory.
        _ = OperatingSystem.IsLinux() ? Advise(first, (nuint)(end - first), DontNeed) : 0;
    }

    private const int DontNeed = 4;

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <exception cref="ModelFormatException">The file does not hold this tensor.</exception>
    public SafetensorsTensor Find(string name) =>
        _byName.GetValueOrDefault(name) ?? throw new ModelFormatException(Path, $"tensor '{name}' is missing; the file holds {_byName.Count} tensors");

    /// <summary>The tensor's bytes, row-major, little-endian: valid until this file is disposed; at most 2 GiB.</summary>
    public ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor) => new(Address(tensor), checked((int)tensor.Length));

    /// <summary>The tensor as numbers.</summary>
    /// <exception cref="ModelFormatException">The tensor's elements have another size than <typeparamref name="T"/>.</exception>
    public T[] Read<T>(string name)
        where T : unmanaged
    {
        var tensor = Find(name);
        if (tensor.DType.Size() != sizeof(T))
        {
            throw new ModelFormatException(Path, $"tensor '{name}' is {tensor.Form}; expected elements of {sizeof(T)} bytes ({typeof(T).Name})");
        }

        return MemoryMarshal.Cast<byte, T>(Bytes(tensor)).ToArray();
    }

    public void Dispose()
    {
        if (_base == null)
        {
            return;
        }

        _base = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    internal byte* Address(SafetensorsTensor tensor)
    {
        ObjectDisposedException.ThrowIf(_base == null, this);
        return _base + _dataStart + tensor.Offset;
    }
}

using Cpt.Models;

namespace Cpt.Training;

/// <summary>
/// Images that were decoded last, up to a bound in bytes: a small task is decoded once, a large one at the pace of the steps. Used by all rollout
/// threads at once; two that miss the same image both decode it, to equal values.
/// </summary>
internal sealed class PatchCache(long capacity = PatchCache.DefaultBytes)
{
    public const long DefaultBytes = 256L << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Name, ImagePatches Patches)>> _byName = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Name, ImagePatches Patches)> _newestFirst = new();
    private long _bytes;

    public ImagePatches Get(string name, Func<ImagePatches> read)
    {
        lock (_gate)
        {
            if (_byName.TryGetValue(name, out var known))
            {
                _newestFirst.Remove(known);
                _newestFirst.AddFirst(known);
                return known.Value.Patches;
            }
        }

        var patches = read();
        lock (_gate)
        {
            if (_byName.TryAdd(name, new LinkedListNode<(string, ImagePatches)>((name, patches))))
            {
                _newestFirst.AddFirst(_byName[name]);
                _bytes += Bytes(patches);
            }

            while (_bytes > capacity && _newestFirst.Last is { } oldest)
            {
                _newestFirst.RemoveLast();
                _byName.Remove(oldest.Value.Name);
                _bytes -= Bytes(oldest.Value.Patches);
            }
        }

        return patches;
    }

    private static long Bytes(ImagePatches patches) => patches.Values.LongLength * sizeof(float);
}

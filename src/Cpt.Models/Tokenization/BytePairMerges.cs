using System.Collections.Concurrent;
using System.Text;

namespace Cpt.Models;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016, over bytes): of all neighbouring pairs the one with the lowest rank is merged, the leftmost
/// first, until no neighbouring pair has a rank.
/// </summary>
internal sealed class BytePairMerges
{
    private const int CachedWords = 1 << 16;
    private const int LongestCachedWord = 64;

    private readonly int[] _byteIds;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges;
    private readonly Dictionary<string, int>? _wholeWords;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <param name="byteIds">Id of each byte's own token.</param>
    /// <param name="merges">Pair of ids to rank and merged id.</param>
    /// <param name="wholeWords">Vocabulary in the byte alphabet where <c>ignore_merges</c> is set: a word that is a token needs no merges.</param>
    public BytePairMerges(int[] byteIds, Dictionary<(int Left, int Right), (int Rank, int Id)> merges, Dictionary<string, int>? wholeWords)
    {
        _byteIds = byteIds;
        _merges = merges;
        _wholeWords = wholeWords;
    }

    public void Encode(string word, List<int> ids)
    {
        if (word.Length > LongestCachedWord)
        {
            ids.AddRange(Merge(word));
            return;
        }

        if (!_cache.TryGetValue(word, out var cached))
        {
            cached = Merge(word);
            if (_cache.Count < CachedWords)
            {
                _cache.TryAdd(word, cached);
            }
        }

        ids.AddRange(cached);
    }

    private int[] Merge(string word)
    {
        var bytes = Encoding.UTF8.GetBytes(word);
        if (_wholeWords is not null)
        {
            var name = string.Create(bytes.Length, bytes, static (span, from) =>
            {
                for (var i = 0; i < from.Length; i++)
                {
                    span[i] = ByteAlphabet.Character(from[i]);
                }
            });
            if (_wholeWords.TryGetValue(name, out var whole))
            {
                return [whole];
            }
        }

        var ids = Array.ConvertAll(bytes, value => _byteIds[value]);
        if (_merges.Count == 0 || ids.Length < 2)
        {
            return ids;
        }

        // A doubly linked list over the symbols and a heap of candidate pairs: n log n, where merging naively is quadratic for a long word.
        var next = new int[ids.Length];
        var previous = new int[ids.Length];
        var heap = new PriorityQueue<(int Position, int Left, int Right), (int Rank, int Position)>();
        void Offer(int position)
        {
            var right = position >= 0 ? next[position] : ids.Length;
            if (right < ids.Length && _merges.TryGetValue((ids[position], ids[right]), out var merge))
            {
                heap.Enqueue((position, ids[position], ids[right]), (merge.Rank, position));
            }
        }

        for (var i = 0; i < ids.Length; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
        }

        for (var i = 0; i < ids.Length; i++)
        {
            Offer(i);
        }

        while (heap.TryDequeue(out var pair, out _))
        {
            // Stale where a symbol of the pair was merged meanwhile (-1 marks an absorbed one).
            var right = next[pair.Position];
            if (ids[pair.Position] != pair.Left || right >= ids.Length || ids[right] != pair.Right)
            {
                continue;
            }

            ids[pair.Position] = _merges[(pair.Left, pair.Right)].Id;
            ids[right] = -1;
            next[pair.Position] = next[right];
            if (next[right] < ids.Length)
            {
                previous[next[right]] = pair.Position;
            }

            Offer(previous[pair.Position]);
            Offer(pair.Position);
        }

        return Array.FindAll(ids, id => id >= 0);
    }
}

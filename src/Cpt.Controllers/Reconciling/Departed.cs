using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>The last states of objects that are gone and not yet taken leave of. Of one name there may be several: deleted, made anew, deleted again.</summary>
internal sealed class Departed<TEntity>
    where TEntity : class, IKubernetesObject
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, Queue<TEntity>> _gone = [];

    public void Add(TEntity last)
    {
        lock (_gate)
        {
            var key = ObjectKey.Of(last);
            if (!_gone.TryGetValue(key, out var queue))
            {
                _gone[key] = queue = new();
            }

            queue.Enqueue(last);
        }
    }

    public TEntity? Take(ObjectKey key)
    {
        lock (_gate)
        {
            if (!_gone.TryGetValue(key, out var queue))
            {
                return null;
            }

            var last = queue.Dequeue();
            if (queue.Count == 0)
            {
                _gone.Remove(key);
            }

            return last;
        }
    }
}

using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// One string where thousands of objects say the same: namespaces, label keys, owners' names. A run's name and uid stand in each of its Jobs and Pods, so that what is said
/// once by each object is worth sharing too. Old ones are let go: the pool is for saving, not for keeping.
/// </summary>
internal sealed class StringPool
{
    // A power of two: the place of a string is a part of its hash. Another one in its place only means that the two are not shared.
    private readonly string?[] _places = new string?[1 << 15];

    public void Compact(ObjectMeta metadata)
    {
        metadata.Namespace = Share(metadata.Namespace);
        metadata.Name = Share(metadata.Name);
        metadata.Uid = Share(metadata.Uid);
        metadata.GenerateName = Share(metadata.GenerateName);
        metadata.Labels = Share(metadata.Labels);
        foreach (var owner in metadata.OwnerReferences ?? [])
        {
            (owner.ApiVersion, owner.Kind, owner.Name, owner.Uid) = (Share(owner.ApiVersion)!, Share(owner.Kind)!, Share(owner.Name)!, Share(owner.Uid)!);
        }

        for (var i = 0; i < metadata.Finalizers?.Count; i++)
        {
            metadata.Finalizers[i] = Share(metadata.Finalizers[i])!;
        }
    }

    public string? Share(string? text)
    {
        if (text is null)
        {
            return null;
        }

        ref var place = ref _places[(uint)string.GetHashCode(text, StringComparison.Ordinal) & (uint)(_places.Length - 1)];
        var known = Volatile.Read(ref place);
        if (known == text)
        {
            return known;
        }

        Volatile.Write(ref place, text);
        return text;
    }

    private Dictionary<string, string>? Share(Dictionary<string, string>? labels)
    {
        if (labels is null)
        {
            return null;
        }

        var shared = new Dictionary<string, string>(labels.Count);
        foreach (var (name, value) in labels)
        {
            shared[Share(name)!] = Share(value)!;
        }

        return shared;
    }
}

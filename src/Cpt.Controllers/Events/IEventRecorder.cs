using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>Tells people what happened to an object (<c>events.k8s.io/v1</c>; <c>kubectl describe</c> shows it). Never waits and never fails: events may be merged or dropped.</summary>
public interface IEventRecorder
{
    /// <param name="regarding">What it is about.</param>
    /// <param name="type">Normal or Warning.</param>
    /// <param name="reason">UpperCamelCase, machine-readable.</param>
    /// <param name="action">UpperCamelCase: what was done, or tried.</param>
    /// <param name="note">For people; cut at 1 kB.</param>
    void Publish<T>(T regarding, EventType type, string reason, string action, string note)
        where T : class, IKubernetesObject;
}

public enum EventType
{
    Normal,
    Warning,
}

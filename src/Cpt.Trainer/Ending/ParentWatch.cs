using System.Globalization;
using System.Runtime.InteropServices;

namespace Cpt.Trainer.Ending;

/// <summary>
/// With <c>CPT_DIE_WITH_PARENT</c> set, this process is killed as soon as its parent is gone, however the parent died: two trainers of
/// one stage must never run side by side. The value is the parent's process id, or 1 for whoever the parent is.
/// <para>
/// Not by PR_SET_PDEATHSIG: the kernel sends that signal when the <em>thread</em> that forked ends, and a runner forks from pool threads
/// that come and go. A pidfd becomes readable when the process ends.
/// </para>
/// </summary>
internal static partial class ParentWatch
{
    public const string Variable = "CPT_DIE_WITH_PARENT";

    private const long PidfdOpen = 434;
    private const short PollIn = 1;
    private const int SigKill = 9;
    private const int Interrupted = 4;

    /// <summary>Whether a parent wants to be outlived by nothing.</summary>
    public static bool IsAsked(Func<string, string?> environment) => environment(Variable) is { Length: > 0 } value && value != "0";

    public static void Start(Func<string, string?> environment)
    {
        if (!IsAsked(environment))
        {
            return;
        }

        var value = environment(Variable);

        var parent = GetParentId();
        var descriptor = (int)SystemCall(PidfdOpen, parent, 0);

        // The parent may have died before the descriptor was opened; then the parent now is init, or the id belongs to another.
        if (GetParentId() != parent || (int.TryParse(value, CultureInfo.InvariantCulture, out var due) && due > 1 && due != parent))
        {
            Die();
        }

        new Thread(() => Wait(parent, descriptor)) { IsBackground = true, Name = "parent watch" }.Start();
    }

    private static void Wait(int parent, int descriptor)
    {
        var polled = new PollDescriptor { Descriptor = descriptor, Events = PollIn };
        while (descriptor >= 0)
        {
            var ready = Poll(ref polled, 1, -1);
            if (ready > 0)
            {
                Die();
            }
            else if (ready < 0 && Marshal.GetLastPInvokeError() != Interrupted)
            {
                break;
            }
        }

        // A kernel older than 5.3 has no pidfd_open.
        while (GetParentId() == parent)
        {
            Thread.Sleep(200);
        }

        Die();
    }

    private static void Die() => Kill(Environment.ProcessId, SigKill);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long first, long second);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

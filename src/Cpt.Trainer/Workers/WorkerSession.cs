using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Cpt.Contract;
using Cpt.Torch;
using Cpt.Trainer.Ending;
using Cpt.Training;
using static Cpt.Torch.torch.distributed;

namespace Cpt.Trainer.Workers;

/// <summary>
/// From coming together to parting: the store in which workers find each other, their lifelines, and the groups that they compute in.
/// </summary>
internal sealed class WorkerSession : IDisposable
{
    private const string LifelineKey = "cpt/lifeline";

    /// <summary>A lifeline tells within milliseconds; this is for a machine that has no core to spare.</summary>
    private static readonly TimeSpan s_news = TimeSpan.FromSeconds(3);


    private readonly TCPStore _store;
    private readonly Lifeline _lifeline;
    private readonly ProcessGroup _control;
    private readonly ProcessGroup _gradients;

    private WorkerSession(WorkerPlace place, TCPStore store, Lifeline lifeline, ProcessGroup control, ProcessGroup gradients, Action stopAgreed)
    {
        (Place, _store, _lifeline, _control, _gradients) = (place, store, lifeline, control, gradients);
        Group = new WorkerGroup(control, gradients, stopAgreed);
    }

    public WorkerPlace Place { get; }

    public WorkerGroup Group { get; }

    /// <summary>Waits for all workers.</summary>
    /// <param name="place">This worker.</param>
    /// <param name="device">Where it computes; of the same kind in all workers.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="listener">Told of the others from now on.</param>
    /// <param name="stopAgreed">Called when all have agreed to stop.</param>
    /// <exception cref="StageFailureException">70: some did not come, or GPUs cannot talk to each other with this build.</exception>
    public static WorkerSession Join(WorkerPlace place, Device device, Func<string, string?> environment, ILifelineListener listener, Action stopAgreed)
    {
        var (patience, timeout) = (WorkerVariables.Rendezvous(environment), WorkerVariables.Collective(environment));
        if (device.type == DeviceType.CUDA && !is_nccl_available())
        {
            throw new StageFailureException(ExitCodes.Internal, "LibraryMissing", "several workers on GPUs need NCCL, and this build of the shim is without it; see what eng/build-shim.sh says at its end");
        }

        try
        {
            var store = Meet(place, patience);
            var lifeline = Connect(place, store, listener, patience);
            // On one machine nothing needs to leave it. GLOO_SOCKET_IFNAME is what users of PyTorch set where the machine's own name leads nowhere.
            var network = place.OneNode ? "lo" : environment("GLOO_SOCKET_IFNAME") ?? "";
            var control = new ProcessGroup("gloo", store, place.Rank, place.Size, timeout, "control", network);
            var group = new WorkerGroup(control, control);
            AgreeOnDevice(group, device);
            var gradients = device.type == DeviceType.CUDA
                ? new ProcessGroup("nccl", store, place.Rank, place.Size, timeout, "gradients")
                : new ProcessGroup("gloo", store, place.Rank, place.Size, timeout, "gradients", network);
            return new WorkerSession(place, store, lifeline, control, gradients, stopAgreed);
        }
        catch (TorchException error)
        {
            throw new StageFailureException(
                ExitCodes.Internal, "WorkersMissing",
                $"worker {place.Rank} of {place.Size} could not come together with the others at {place.MasterAddress}:{place.MasterPort}: {error.Message}", error);
        }
    }

    public void AskToStop() => _lifeline.AskToStop();

    /// <summary>
    /// A collective fails at the same moment as the lifeline tells whose end it was, and only the second can be understood. That ends this process, so what follows here is
    /// for a collective that failed by itself.
    /// </summary>
    public void AwaitCauseOf(Exception error)
    {
        if (error is TorchException)
        {
            _lifeline.WaitForNews(s_news);
        }
    }

    /// <summary>Tells the others how this worker ends.</summary>
    public void End(StageEnding ending) => _lifeline.End(ending);

    /// <summary>Runs something once a node: the first worker there does it, then the others find it done.</summary>
    public async Task<T> FirstOfNodeAsync<T>(Func<Task<T>> body)
    {
        if (Place.LocalRank == 0)
        {
            var result = await body();
            Group.Barrier();
            return result;
        }

        Group.Barrier();
        return await body();
    }

    public void Dispose()
    {
        _gradients.Dispose();
        _control.Dispose();
        _lifeline.Dispose();
        _store.Dispose();
    }

    private static TCPStore Meet(WorkerPlace place, TimeSpan patience)
    {
        if (place.Rank > 0)
        {
            WaitForName(place.MasterAddress, patience);
        }

        return new TCPStore(place.Rank == 0 ? "localhost" : place.MasterAddress, place.MasterPort, place.Size, is_master: place.Rank == 0, patience);
    }

    private static Lifeline Connect(WorkerPlace place, TCPStore store, ILifelineListener listener, TimeSpan patience)
    {
        if (place.Rank > 0)
        {
            return new LifelineSpoke(place, store.get(LifelineKey), listener);
        }

        var hub = new LifelineHub(place, listener);
        store.set(LifelineKey, hub.Address);
        hub.WaitForAll(patience);
        return hub;
    }

    /// <summary>A pod's name is known a little after the pod.</summary>
    private static void WaitForName(string host, TimeSpan patience)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (Dns.GetHostAddresses(host).Length > 0)
                {
                    return;
                }
            }
            catch (SocketException error) when (Stopwatch.GetElapsedTime(began) > patience)
            {
                throw new StageFailureException(ExitCodes.Internal, "WorkersMissing", $"MASTER_ADDR: the name {host} was not known within {patience.TotalSeconds:F0} s (CPT_RENDEZVOUS_SECONDS): {error.Message}", error);
            }
            catch (SocketException)
            {
                // Not yet.
            }

            Thread.Sleep(200);
        }
    }

    private static void AgreeOnDevice(WorkerGroup group, Device device)
    {
        var first = group.Broadcast(device.type.ToString());
        if (first != device.type.ToString())
        {
            throw new StageFailureException(ExitCodes.Internal, "DeviceMissing", $"worker {group.Rank} of {group.Size} computes on {device.type}, worker 0 on {first}; all need the same kind, see spec.template.device");
        }
    }
}

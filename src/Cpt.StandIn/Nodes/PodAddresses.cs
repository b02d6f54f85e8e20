using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Cpt.StandIn;

/// <summary>
/// Gives every pod an address of its own in 127.128.0.0/9: all of it is this machine, so that one listener serves all pods and tells them apart by the
/// address that was called. The first choice follows from the pod's name.
/// </summary>
internal sealed class PodAddresses(int seed)
{
    private readonly ConcurrentDictionary<IPAddress, PodLife> _pods = new();

    public PodLife? At(IPAddress? address) => address is not null && _pods.TryGetValue(address.MapToIPv4(), out var pod) ? pod : null;

    public IPAddress Take(string name, PodLife pod)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(seed.ToString(CultureInfo.InvariantCulture) + "/" + name));
        for (var number = BinaryPrimitives.ReadUInt32BigEndian(digest); ; number++)
        {
            var address = AddressOf(number);
            if (_pods.TryAdd(address, pod))
            {
                return address;
            }
        }
    }

    public void Free(IPAddress address) => _pods.TryRemove(address, out _);

    private static IPAddress AddressOf(uint number) =>
        // Neither .0 nor .255 nor .1, where test clusters listen.
        new([127, (byte)(128 | ((number >> 16) & 127)), (byte)(number >> 8), (byte)(2 + (number % 253))]);
}

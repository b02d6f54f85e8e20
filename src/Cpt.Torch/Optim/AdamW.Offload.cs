namespace Cpt.Torch;

public static partial class torch
{
    public static partial class optim
    {
        public sealed partial class AdamW
        {
            private readonly bool _offload;

            /// <summary>Pinned memory where there is a device to copy to: it is copied at the bus's speed, and the host does not wait for it.</summary>
            private static Tensor OnHost(Tensor state)
            {
                using var unrecorded = no_grad();
                if (state.device.type == DeviceType.CPU) return state;
                using (state)
                {
                    using var host = state.cpu();
                    return Ops.PinMemory.Call(host, Argument.None).DetachFromDisposeScope();
                }
            }

            private void MoveToHost()
            {
                for (var i = 0; i < _parameters.Length; i++)
                {
                    (_means[i], _squares[i]) = (OnHost(_means[i]), OnHost(_squares[i]));
                    if (_masters is not null && !ReferenceEquals(_masters[i], _parameters[i])) _masters[i] = OnHost(_masters[i]);
                }
            }

            /// <summary>
            /// One parameter after the other: its state to the device, the same step as ever, and back. Element by element nothing else is computed, so the bits are the same.
            /// </summary>
            private void StepOffloaded()
            {
                for (var i = 0; i < _parameters.Length; i++)
                {
                    using var scope = NewDisposeScope();
                    if (_parameters[i].grad is not { } gradient) continue;
                    var device = _parameters[i].device;
                    var (mean, square) = (Visit(_means[i], device), Visit(_squares[i], device));
                    var own = _masters is null || ReferenceEquals(_masters[i], _parameters[i]);
                    var weight = own ? _parameters[i] : Visit(_masters![i], device);
                    Step([weight], [own ? gradient : gradient.to(weight.dtype)], [mean], [square]);
                    if (!own)
                    {
                        _parameters[i].copy_(weight);
                        Return(weight, _masters![i]);
                    }

                    Return(mean, _means[i]);
                    Return(square, _squares[i]);
                }

                // What was copied without waiting is read next by whoever saves it.
                if (Array.Find(_parameters, parameter => parameter.device.type != DeviceType.CPU) is { } away) Native.Check(Native.cpt_device_synchronize((int)away.device.type, away.device.index), "step");
            }

            private static Tensor Visit(Tensor state, Device device) => device.type == DeviceType.CPU ? state : Ops.ToDevice.Call(state, device, state.dtype, true);

            private static void Return(Tensor visitor, Tensor home)
            {
                if (!ReferenceEquals(visitor, home)) Ops.Copy.Call(home, visitor, true).Dispose();
            }
        }
    }
}

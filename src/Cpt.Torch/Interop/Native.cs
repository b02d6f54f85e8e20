using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cpt.Torch;

/// <summary>The shim's C functions; <c>native/cpt_torch.h</c> describes them.</summary>
internal static unsafe partial class Native
{
    internal const string Library = "cpt_torch";

    /// <summary>The number of <c>CPT_ABI</c> this assembly was written for.</summary>
    internal const int ExpectedAbi = 3;

    [LibraryImport(Library)] internal static partial int cpt_abi();
    [LibraryImport(Library)] internal static partial nint cpt_last_error();
    [LibraryImport(Library)] internal static partial nint cpt_version();
    [LibraryImport(Library)] internal static partial nint cpt_config();
    [LibraryImport(Library)] internal static partial int cpt_set_num_threads(int count);
    [LibraryImport(Library)] internal static partial int cpt_get_num_threads();
    [LibraryImport(Library)] internal static partial int cpt_set_flush_denormal(int on);
    [LibraryImport(Library)] internal static partial int cpt_device_count(int deviceType);

    [LibraryImport(Library)] internal static partial int cpt_device_synchronize(int deviceType, int deviceIndex);
    [LibraryImport(Library)] internal static partial int cpt_device_set(int deviceType, int deviceIndex);
    [LibraryImport(Library)] internal static partial int cpt_device_memory(int deviceType, int deviceIndex, long* bytes);
    [LibraryImport(Library)] internal static partial int cpt_device_memory_reset_peak(int deviceType, int deviceIndex);
    [LibraryImport(Library)] internal static partial int cpt_device_memory_release(int deviceType);
    [LibraryImport(Library)] internal static partial int cpt_allow_tf32(int on);
    [LibraryImport(Library)] internal static partial int cpt_deterministic(int on, int warnOnly);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint cpt_operator_find(string name, string overload);
    [LibraryImport(Library)] internal static partial int cpt_operator_schema(nint op, byte* buffer, int capacity);
    [LibraryImport(Library)] internal static partial int cpt_call(nint op, Argument* arguments, int count, Argument* results, int capacity);
    [LibraryImport(Library)] internal static partial void cpt_array_free(nint array);

    [LibraryImport(Library)] internal static partial nint cpt_tensor_new(void* data, long bytes, long* sizes, int dim, int dtype);
    [LibraryImport(Library)] internal static partial nint cpt_tensor_from_blob(void* data, long* sizes, int dim, int dtype);
    [LibraryImport(Library)] internal static partial void cpt_tensor_free(nint tensor);
    [LibraryImport(Library)] internal static partial void cpt_tensor_free_many(nint* tensors, int count);
    [LibraryImport(Library)] internal static partial nint cpt_tensor_share(nint tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int cpt_tensor_dim(nint tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int cpt_tensor_sizes(nint tensor, long* sizes, int capacity);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int cpt_tensor_strides(nint tensor, long* strides, int capacity);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long cpt_tensor_numel(nint tensor);
    [LibraryImport(Library)] internal static partial int cpt_tensor_dtype(nint tensor);
    [LibraryImport(Library)] internal static partial int cpt_tensor_device(nint tensor, int* index);
    [LibraryImport(Library)] internal static partial int cpt_tensor_is_contiguous(nint tensor);
    [LibraryImport(Library)] internal static partial nint cpt_tensor_data(nint tensor);
    [LibraryImport(Library)] internal static partial int cpt_tensor_item(nint tensor, Argument* value);
    [LibraryImport(Library)] internal static partial int cpt_tensor_read(nint tensor, void* destination, long bytes);
    [LibraryImport(Library)] internal static partial int cpt_tensor_write(nint tensor, void* source, long bytes);
    [LibraryImport(Library)] internal static partial long cpt_tensor_live();

    [LibraryImport(Library)] internal static partial int cpt_requires_grad(nint tensor, int on);
    [LibraryImport(Library)] internal static partial int cpt_is_leaf(nint tensor);
    [LibraryImport(Library)] internal static partial int cpt_grad(nint tensor, nint* grad);
    [LibraryImport(Library)] internal static partial int cpt_set_grad(nint tensor, nint grad);
    [LibraryImport(Library)] internal static partial int cpt_backward(nint tensor, nint gradient, int retainGraph);
    [LibraryImport(Library)] internal static partial int cpt_autograd_grad(nint* outputs, int outputCount, nint* inputs, int inputCount, nint* gradients, int retainGraph, int createGraph);
    [LibraryImport(Library)] internal static partial int cpt_grad_mode(int on);
    [LibraryImport(Library)] internal static partial nint cpt_inference_enter();
    [LibraryImport(Library)] internal static partial void cpt_inference_exit(nint guard);
    [LibraryImport(Library)] internal static partial int cpt_autocast(int deviceType, int on, int dtype);
    [LibraryImport(Library)] internal static partial int cpt_autocast_dtype(int deviceType);
    [LibraryImport(Library)] internal static partial void cpt_autocast_clear_cache();

    [LibraryImport(Library)]
    internal static partial nint cpt_checkpoint(
        nint input, nint anchor, delegate* unmanaged[Cdecl]<nint, nint, nint*, int> run, delegate* unmanaged[Cdecl]<nint, void> release, nint context);

    [LibraryImport(Library)] internal static partial int cpt_host_memory(long* bytes, int reset);

    [LibraryImport(Library)] internal static partial int cpt_manual_seed(ulong seed);
    [LibraryImport(Library)] internal static partial nint cpt_generator_new(int deviceType, int deviceIndex, ulong seed);
    [LibraryImport(Library)] internal static partial void cpt_generator_free(nint generator);
    [LibraryImport(Library)] internal static partial int cpt_generator_seed(nint generator, ulong seed);
    [LibraryImport(Library)] internal static partial nint cpt_generator_state(nint generator);
    [LibraryImport(Library)] internal static partial int cpt_generator_set_state(nint generator, nint state);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint cpt_store_new(string host, int port, int size, int isServer, long timeoutMilliseconds);
    [LibraryImport(Library)] internal static partial int cpt_store_port(nint store);
    [LibraryImport(Library)] internal static partial void cpt_store_free(nint store);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int cpt_store_set(nint store, string key, byte* value, int length);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int cpt_store_get(nint store, string key, byte* buffer, int capacity);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial long cpt_store_add(nint store, string key, long amount);
    [LibraryImport(Library)] internal static partial int cpt_has_nccl();
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint cpt_group_new(nint store, string name, int nccl, int rank, int size, long timeoutMilliseconds, string @interface);
    [LibraryImport(Library)] internal static partial void cpt_group_free(nint group);
    [LibraryImport(Library)] internal static partial int cpt_group_abort(nint group);
    [LibraryImport(Library)] internal static partial nint cpt_all_reduce(nint group, nint tensor, int op);
    [LibraryImport(Library)] internal static partial nint cpt_broadcast(nint group, nint tensor, int root);
    [LibraryImport(Library)] internal static partial nint cpt_all_gather(nint group, nint output, nint input);
    [LibraryImport(Library)] internal static partial nint cpt_reduce_scatter(nint group, nint output, nint input, int op);
    [LibraryImport(Library)] internal static partial nint cpt_barrier(nint group);
    [LibraryImport(Library)] internal static partial int cpt_work_wait(nint work);
    [LibraryImport(Library)] internal static partial int cpt_work_is_completed(nint work);
    [LibraryImport(Library)] internal static partial void cpt_work_free(nint work);

    [LibraryImport(Library)] internal static partial nint cpt_reducer_new(nint group, nint* parameters, int count, long bucketBytes);
    [LibraryImport(Library)] internal static partial void cpt_reducer_free(nint reducer);
    [LibraryImport(Library)] internal static partial int cpt_reducer_prepare(nint reducer, int last);
    [LibraryImport(Library)] internal static partial int cpt_reducer_finish(nint reducer, byte* used);
    [LibraryImport(Library)] internal static partial int cpt_reducer_buckets(nint reducer);
    [LibraryImport(Library)] internal static partial int cpt_reducer_pieces(nint reducer, long* rows, int capacity);
    [LibraryImport(Library)] internal static partial nint cpt_reducer_part(nint reducer, int bucket);
    [LibraryImport(Library)] internal static partial long cpt_reducer_part_length(nint reducer, int bucket);
    [LibraryImport(Library)] internal static partial long cpt_reducer_offset(nint reducer, int parameter, int* bucket);
    [LibraryImport(Library)] internal static partial int cpt_reducer_release(nint reducer);
    [LibraryImport(Library)] internal static partial int cpt_reducer_gather(nint reducer);
    [LibraryImport(Library)] internal static partial int cpt_reducer_overlapped(nint reducer);

    internal static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? "";

    /// <summary>The message the shim left on this thread, as an exception that names what was called.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static TorchException Error(string operation) => new(operation, Text(cpt_last_error()));

    internal static int Check(int result, string operation) => result < 0 ? throw Error(operation) : result;

    internal static nint Check(nint result, string operation) => result == 0 ? throw Error(operation) : result;
}

// The C ABI between Cpt.Torch and libtorch. One generic call reaches every ATen operator by its schema name; the rest is what
// the dispatcher does not offer: handles, modes, generators and the runtime's settings.
//
// Every function that can fail returns a negative number or NULL and leaves a message for cpt_last_error() on the same thread.
// No C++ exception crosses this line.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
#define CPT_API extern "C" __attribute__((visibility("default")))
#else
#define CPT_API
#endif

// Raised when a function changes its meaning or goes away; the C# side refuses any other number.
#define CPT_ABI 3

enum cpt_tag {
    CPT_NONE = 0,
    CPT_TENSOR = 1,
    CPT_INT = 2,
    CPT_DOUBLE = 3,
    CPT_BOOL = 4,
    CPT_STRING = 5,         // p: UTF-8 bytes, length of them
    CPT_INT_LIST = 6,       // p: int64_t[length]
    CPT_TENSOR_LIST = 7,    // p: cpt_tensor[length]; NULL entries are "no tensor" where the schema says Tensor?[]
    CPT_DOUBLE_LIST = 8,    // p: double[length]
    CPT_BOOL_LIST = 9,      // p: uint8_t[length]
    CPT_DEVICE = 10,        // i: device type, length: index (-1: the current one)
    CPT_GENERATOR = 11,     // p: cpt_generator
    CPT_DEFAULT = 12        // the schema's default for this argument
};

// An argument or a result of an operator: 16 bytes, so that a call's arguments lie in one or two cache lines.
typedef struct cpt_value {
    int32_t tag;
    int32_t length;
    union {
        int64_t i;
        double d;
        void* p;
    } as;
} cpt_value;

typedef void* cpt_tensor;     // owns one reference of an at::TensorImpl; NULL is the undefined tensor
typedef void* cpt_operator;   // lives as long as the process
typedef void* cpt_generator;  // an at::Generator of one's own
typedef void* cpt_store;      // a c10d::TCPStore
typedef void* cpt_group;      // a process group of c10d
typedef void* cpt_work;       // a collective that was begun
typedef void* cpt_reducer;    // the gradients of some parameters, summed over a group

enum cpt_reduce { CPT_REDUCE_SUM = 0, CPT_REDUCE_MIN = 1, CPT_REDUCE_MAX = 2 };

// runtime.cpp
CPT_API int cpt_abi(void);
CPT_API const char* cpt_last_error(void);
CPT_API const char* cpt_version(void);          // of the headers this shim was built with
CPT_API const char* cpt_config(void);           // build settings and thread counts, for people
CPT_API int cpt_set_num_threads(int count);     // of this thread; returns the count it had
CPT_API int cpt_get_num_threads(void);
CPT_API int cpt_set_flush_denormal(int on);
CPT_API int cpt_device_count(int device_type);

// devices.cpp: device types are libtorch's numbers (0 CPU, 1 CUDA); an index of -1 is the current device
CPT_API int cpt_device_synchronize(int device_type, int device_index);
CPT_API int cpt_device_set(int device_type, int device_index);
CPT_API int cpt_device_memory(int device_type, int device_index, int64_t* bytes);
CPT_API int cpt_device_memory_reset_peak(int device_type, int device_index);
CPT_API int cpt_device_memory_release(int device_type);
CPT_API int cpt_allow_tf32(int on);
CPT_API int cpt_deterministic(int on, int warn_only);

// operators.cpp
CPT_API cpt_operator cpt_operator_find(const char* name, const char* overload);
CPT_API int cpt_operator_schema(cpt_operator, char* buffer, int capacity);
CPT_API int cpt_call(cpt_operator, const cpt_value* arguments, int count, cpt_value* results, int capacity);
CPT_API void cpt_array_free(void* array);       // the array of a list result; its tensors are owned apart

// tensors.cpp
CPT_API cpt_tensor cpt_tensor_new(const void* data, int64_t bytes, const int64_t* sizes, int dim, int dtype);
CPT_API cpt_tensor cpt_tensor_from_blob(void* data, const int64_t* sizes, int dim, int dtype);
CPT_API void cpt_tensor_free(cpt_tensor);
CPT_API void cpt_tensor_free_many(const cpt_tensor*, int count);
CPT_API cpt_tensor cpt_tensor_share(cpt_tensor);
CPT_API int cpt_tensor_dim(cpt_tensor);
CPT_API int cpt_tensor_sizes(cpt_tensor, int64_t* sizes, int capacity);
CPT_API int cpt_tensor_strides(cpt_tensor, int64_t* strides, int capacity);
CPT_API int64_t cpt_tensor_numel(cpt_tensor);
CPT_API int cpt_tensor_dtype(cpt_tensor);
CPT_API int cpt_tensor_device(cpt_tensor, int* index);
CPT_API int cpt_tensor_is_contiguous(cpt_tensor);
CPT_API void* cpt_tensor_data(cpt_tensor);
CPT_API int cpt_tensor_item(cpt_tensor, cpt_value* out);
CPT_API int cpt_tensor_read(cpt_tensor, void* destination, int64_t bytes);
CPT_API int cpt_tensor_write(cpt_tensor, const void* source, int64_t bytes);
CPT_API int64_t cpt_tensor_live(void);          // handles given out and not freed yet

// autograd.cpp
CPT_API int cpt_requires_grad(cpt_tensor, int on);      // on < 0: ask only
CPT_API int cpt_is_leaf(cpt_tensor);
CPT_API int cpt_grad(cpt_tensor, cpt_tensor* grad);     // NULL where there is none
CPT_API int cpt_set_grad(cpt_tensor, cpt_tensor grad);
CPT_API int cpt_backward(cpt_tensor, cpt_tensor gradient, int retain_graph);
CPT_API int cpt_autograd_grad(const cpt_tensor* outputs, int output_count, const cpt_tensor* inputs, int input_count,
                              cpt_tensor* gradients, int retain_graph, int create_graph);
CPT_API int cpt_grad_mode(int on);                      // returns the old value; on < 0: ask only
CPT_API void* cpt_inference_enter(void);
CPT_API void cpt_inference_exit(void* guard);
CPT_API int cpt_autocast(int device_type, int on, int dtype);   // returns the old value; dtype < 0: unchanged
CPT_API int cpt_autocast_dtype(int device_type);
CPT_API void cpt_autocast_clear_cache(void);

// host_memory.cpp
CPT_API int cpt_host_memory(int64_t* bytes, int reset);

// checkpoint.cpp: `run` gets an input it owns and returns 0 and a result it gives away; `release` is called once, on any thread
typedef int (*cpt_piece_run)(void* context, cpt_tensor input, cpt_tensor* result);
typedef void (*cpt_piece_release)(void* context);
CPT_API cpt_tensor cpt_checkpoint(cpt_tensor input, cpt_tensor anchor, cpt_piece_run run, cpt_piece_release release, void* context);

// generators.cpp
CPT_API int cpt_manual_seed(uint64_t seed);
CPT_API cpt_generator cpt_generator_new(int device_type, int device_index, uint64_t seed);
CPT_API void cpt_generator_free(cpt_generator);
CPT_API int cpt_generator_seed(cpt_generator, uint64_t seed);
CPT_API cpt_tensor cpt_generator_state(cpt_generator);          // NULL asks the process-wide CPU generator
CPT_API int cpt_generator_set_state(cpt_generator, cpt_tensor state);

// distributed/group.cpp: collectives are begun by all processes of a group in the same order, and waited for once
CPT_API cpt_store cpt_store_new(const char* host, int port, int size, int is_server, int64_t timeout_ms);
CPT_API int cpt_store_port(cpt_store);
CPT_API void cpt_store_free(cpt_store);
CPT_API int cpt_store_set(cpt_store, const char* key, const void* value, int length);
CPT_API int cpt_store_get(cpt_store, const char* key, void* buffer, int capacity);
CPT_API int64_t cpt_store_add(cpt_store, const char* key, int64_t amount);
CPT_API int cpt_has_nccl(void);
CPT_API cpt_group cpt_group_new(cpt_store, const char* name, int nccl, int rank, int size, int64_t timeout_ms, const char* interface);
CPT_API void cpt_group_free(cpt_group);
CPT_API int cpt_group_abort(cpt_group);
CPT_API cpt_work cpt_all_reduce(cpt_group, cpt_tensor, int op);
CPT_API cpt_work cpt_broadcast(cpt_group, cpt_tensor, int root);
CPT_API cpt_work cpt_all_gather(cpt_group, cpt_tensor output, cpt_tensor input);
CPT_API cpt_work cpt_reduce_scatter(cpt_group, cpt_tensor output, cpt_tensor input, int op);
CPT_API cpt_work cpt_barrier(cpt_group);
CPT_API int cpt_work_wait(cpt_work);
CPT_API int cpt_work_is_completed(cpt_work);
CPT_API void cpt_work_free(cpt_work);

// distributed/reducer.cpp
CPT_API cpt_reducer cpt_reducer_new(cpt_group, const cpt_tensor* parameters, int count, int64_t bucket_bytes);
CPT_API void cpt_reducer_free(cpt_reducer);
CPT_API int cpt_reducer_prepare(cpt_reducer, int last);             // before each backward pass; last: nothing is added after it
CPT_API int cpt_reducer_finish(cpt_reducer, uint8_t* used);         // used[parameter]: whether any process had a gradient
CPT_API int cpt_reducer_buckets(cpt_reducer);
CPT_API int cpt_reducer_pieces(cpt_reducer, int64_t* rows, int capacity);   // of this process: bucket, parameter, begin in it, length, begin in the part
CPT_API cpt_tensor cpt_reducer_part(cpt_reducer, int bucket);       // this process's part of the summed gradients
CPT_API int cpt_reducer_release(cpt_reducer);                       // forgets the summed gradients
CPT_API int cpt_reducer_gather(cpt_reducer);                        // every process's pieces of the parameters, into everybody's
CPT_API int64_t cpt_reducer_part_length(cpt_reducer, int bucket);
CPT_API int64_t cpt_reducer_offset(cpt_reducer, int parameter, int* bucket);    // where a parameter begins in its bucket
CPT_API int cpt_reducer_overlapped(cpt_reducer);                    // buckets of the last step whose sum began before its backward pass had ended

// One call for every operator: the dispatcher is asked once for a name, and its handle, the kinds of its arguments and their
// defaults are kept, so that a call costs the boxed dispatch and little else.
#include "guard.h"
#include "handles.h"
#include "values.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace {

using namespace cpt;

struct Argument {
    std::string name;
    Kind kind;
    bool has_default;
    c10::IValue fallback;
};

struct Operator {
    c10::OperatorHandle handle;
    std::vector<Argument> arguments;

    explicit Operator(const c10::OperatorHandle& found) : handle(found) {
        for (const auto& argument : found.schema().arguments()) {
            const auto& fallback = argument.default_value();
            arguments.push_back({argument.name(), kind_of(argument.type()), fallback.has_value(), fallback.has_value() ? *fallback : c10::IValue()});
        }
    }

    const c10::IValue& default_of(size_t i) const {
        TORCH_CHECK(arguments[i].has_default, "argument ", i + 1, " (", arguments[i].name, ") is missing; the schema is ", handle.schema());
        return arguments[i].fallback;
    }
};

// One stack per thread and depth of calls is used again and again: a hook may call back into C# and from there into cpt_call,
// and an exception must leave nothing behind for the next call.
class StackLease {
public:
    torch::jit::Stack& stack;

    StackLease() : stack(take()) {}
    ~StackLease() {
        stack.clear();
        --depth();
    }
    StackLease(const StackLease&) = delete;
    StackLease& operator=(const StackLease&) = delete;

private:
    static size_t& depth() {
        thread_local size_t value = 0;
        return value;
    }
    static torch::jit::Stack& take() {
        // A deque, because growing it must not move the stacks that are in use further out.
        thread_local std::deque<torch::jit::Stack> stacks;
        if (stacks.size() <= depth()) stacks.emplace_back();
        return stacks[depth()++];
    }
};

}  // namespace

CPT_API cpt_operator cpt_operator_find(const char* name, const char* overload) {
    return guard<cpt_operator>(nullptr, [&]() -> cpt_operator {
        static std::mutex mutex;
        static std::map<std::pair<std::string, std::string>, std::unique_ptr<Operator>> known;
        const std::lock_guard<std::mutex> lock(mutex);
        auto& entry = known[{name, overload}];
        if (entry == nullptr) {
            const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
            if (!found) {
                last_error() = std::string("this libtorch has no operator ") + name + (*overload ? "." : "") + overload;
                return nullptr;
            }
            entry = std::make_unique<Operator>(*found);
        }
        return entry.get();
    });
}

// Returns the length; a buffer that is too small is left alone.
CPT_API int cpt_operator_schema(cpt_operator handle, char* buffer, int capacity) {
    return guard(-1, [&] {
        const auto text = c10::toString(static_cast<Operator*>(handle)->handle.schema());
        const auto length = static_cast<int>(text.size());
        if (length < capacity) std::memcpy(buffer, text.c_str(), text.size() + 1);
        return length;
    });
}

// Arguments stand in schema order; trailing ones may be left out where the schema has defaults.
CPT_API int cpt_call(cpt_operator handle, const cpt_value* arguments, int count, cpt_value* results, int capacity) {
    return guard(-1, [&] {
        const auto& op = *static_cast<Operator*>(handle);
        const auto wanted = op.arguments.size();
        const auto given = static_cast<size_t>(count);
        TORCH_CHECK(given <= wanted, given, " arguments are too many; the schema is ", op.handle.schema());

        StackLease lease;
        auto& stack = lease.stack;
        for (size_t i = 0; i < given; i++) {
            if (arguments[i].tag == CPT_DEFAULT) stack.push_back(op.default_of(i));
            else stack.push_back(to_ivalue(arguments[i], op.arguments[i].kind));
        }
        for (size_t i = given; i < wanted; i++) stack.push_back(op.default_of(i));

        op.handle.callBoxed(stack);

        const auto returned = static_cast<int>(stack.size());
        TORCH_CHECK(returned <= capacity, returned, " results where ", capacity, " can be taken; the schema is ", op.handle.schema());
        for (int i = 0; i < returned; i++) from_ivalue(std::move(stack[i]), results[i]);
        return returned;
    });
}

CPT_API void cpt_array_free(void* array) { std::free(array); }

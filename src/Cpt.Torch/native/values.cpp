#include "values.h"
#include "handles.h"
#include "optional.h"
#include <ATen/ATen.h>
#include <cstring>

namespace cpt {

namespace {

template <class Stored, class Raw, class Convert>
c10::IValue list_of(const cpt_value& value, Convert convert) {
    c10::List<Stored> list;
    list.reserve(static_cast<size_t>(value.length));
    const auto* items = static_cast<const Raw*>(value.as.p);
    for (int i = 0; i < value.length; i++) list.push_back(convert(items[i]));
    return c10::IValue(std::move(list));
}

void* allocate(size_t count, size_t size) {
    // One entry too many, so that an empty list has an array too.
    auto* memory = std::malloc((count + 1) * size);
    TORCH_CHECK(memory != nullptr, "no memory for a list of ", count);
    return memory;
}

}  // namespace

Kind kind_of(c10::TypePtr type) {
    using c10::TypeKind;
    if (auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
    switch (type->kind()) {
        case TypeKind::FloatType: return Kind::Double;
        case TypeKind::BoolType: return Kind::Bool;
        case TypeKind::ListType: {
            const auto element = type->cast<c10::ListType>()->getElementType();
            if (element->kind() == TypeKind::OptionalType) return Kind::OptionalTensorList;
            if (element->kind() == TypeKind::IntType || element->kind() == TypeKind::SymIntType) return Kind::IntList;
            return Kind::Other;
        }
        // ScalarType, Layout and MemoryFormat are integers in a boxed call; everything else says what it is by its tag.
        default: return Kind::Other;
    }
}

c10::IValue to_ivalue(const cpt_value& value, Kind kind) {
    switch (value.tag) {
        case CPT_NONE: return c10::IValue();
        case CPT_TENSOR: return c10::IValue(borrow(value.as.p));
        case CPT_INT:
            if (kind == Kind::Double) return c10::IValue(static_cast<double>(value.as.i));
            if (kind == Kind::Bool) return c10::IValue(value.as.i != 0);
            if (kind == Kind::IntList) return c10::IValue(c10::List<int64_t>({value.as.i}));
            return c10::IValue(value.as.i);
        case CPT_DOUBLE: return c10::IValue(value.as.d);
        case CPT_BOOL: return c10::IValue(value.as.i != 0);
        case CPT_STRING: return c10::IValue(std::string(static_cast<const char*>(value.as.p), static_cast<size_t>(value.length)));
        case CPT_DEVICE:
            return c10::IValue(c10::Device(static_cast<c10::DeviceType>(value.as.i), static_cast<c10::DeviceIndex>(value.length)));
        case CPT_GENERATOR: return c10::IValue(*static_cast<at::Generator*>(value.as.p));
        case CPT_INT_LIST: return list_of<int64_t, int64_t>(value, [](int64_t item) { return item; });
        case CPT_DOUBLE_LIST: return list_of<double, double>(value, [](double item) { return item; });
        case CPT_BOOL_LIST: return list_of<bool, uint8_t>(value, [](uint8_t item) { return item != 0; });
        case CPT_TENSOR_LIST:
            if (kind == Kind::OptionalTensorList)
                return list_of<OptionalTensor, cpt_tensor>(
                    value, [](cpt_tensor item) { return item != nullptr ? OptionalTensor(borrow(item)) : OptionalTensor(); });
            return list_of<at::Tensor, cpt_tensor>(value, [](cpt_tensor item) { return borrow(item); });
    }
    TORCH_CHECK(false, "an argument with the unknown tag ", value.tag);
}

void from_ivalue(c10::IValue&& from, cpt_value& to) {
    to.length = 0;
    to.as.i = 0;
    if (from.isTensor()) {
        to.tag = CPT_TENSOR;
        to.as.p = give(std::move(from).toTensor());
    } else if (from.isNone()) {
        to.tag = CPT_NONE;
    } else if (from.isInt()) {
        to.tag = CPT_INT;
        to.as.i = from.toInt();
    } else if (from.isDouble()) {
        to.tag = CPT_DOUBLE;
        to.as.d = from.toDouble();
    } else if (from.isBool()) {
        to.tag = CPT_BOOL;
        to.as.i = from.toBool();
    } else if (from.isTensorList()) {
        auto tensors = std::move(from).toTensorVector();
        auto* array = static_cast<cpt_tensor*>(allocate(tensors.size(), sizeof(cpt_tensor)));
        for (size_t i = 0; i < tensors.size(); i++) array[i] = give(std::move(tensors[i]));
        to.tag = CPT_TENSOR_LIST;
        to.length = static_cast<int32_t>(tensors.size());
        to.as.p = array;
    } else if (from.isIntList()) {
        const auto integers = from.toIntVector();
        auto* array = static_cast<int64_t*>(allocate(integers.size(), sizeof(int64_t)));
        std::copy(integers.begin(), integers.end(), array);
        to.tag = CPT_INT_LIST;
        to.length = static_cast<int32_t>(integers.size());
        to.as.p = array;
    } else {
        TORCH_CHECK(false, "a result of kind ", from.tagKind(), " has no form in C#");
    }
}

}  // namespace cpt

// Between cpt_value and c10::IValue. What an integer or a tensor list becomes depends on the argument's kind in the schema.
#pragma once
#include "cpt_torch.h"
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

namespace cpt {

enum class Kind : uint8_t { Other, Double, Bool, IntList, OptionalTensorList };

Kind kind_of(c10::TypePtr type);
c10::IValue to_ivalue(const cpt_value& value, Kind kind);
void from_ivalue(c10::IValue&& from, cpt_value& to);

}  // namespace cpt

// For the host's own compiler, where the wheels' headers of CUDA come without those of its compiler (crt/). cuda_runtime.h asks for this one first; what it declares
// for a host is declared without it.
#pragma once
#define CUDARTAPI
#define CUDARTAPI_CDECL

# The images of the CPT Operator. Targets: operator, trainer-cpu, trainer-cuda.
#
#   docker build --target operator .              needs BuildKit, the default builder of Docker
#   eng/images/build.sh operator                  the same on a Debian machine with no Docker and no registry
#
# docs/images.md describes targets and arguments. Final images hold no shell, no package manager and no compiler.

# Where the compiled programs come from: "sdk" compiles them here; "context" takes what eng/images/publish.sh left in artifacts/images/published.
ARG PUBLISHED=sdk
ARG DEBIAN=debian:12-slim
ARG DOTNET_SDK=mcr.microsoft.com/dotnet/sdk:10.0
# Only its /usr/share/dotnet is taken.
ARG DOTNET=mcr.microsoft.com/dotnet/aspnet:10.0
# What the operator stands on: a stage of this file, or an image such as mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled.
ARG OPERATOR_BASE=runtime
# A PyTorch image with nvcc's headers and a C++ compiler, and one that trainers run on; both must hold the same PyTorch under TORCH.
ARG TORCH_BUILD=pytorch/pytorch:2.9.1-cuda12.8-cudnn9-devel
ARG TORCH_BASE=pytorch/pytorch:2.9.1-cuda12.8-cudnn9-runtime

# ---- programs ----

FROM ${DOTNET_SDK} AS published-sdk
WORKDIR /source
COPY . .
RUN eng/images/publish.sh /published operator trainer-cpu

FROM scratch AS published-context
COPY artifacts/images/published /published

FROM published-${PUBLISHED} AS published

# ---- the shim of the CPU trainer: against the libtorch it will run with ----

FROM ${DEBIAN} AS shim-sdk
RUN apt-get update && apt-get install -y --no-install-recommends g++ libtorch-dev libopenblas0-openmp
COPY eng/build-shim.sh /source/eng/
COPY src/Cpt.Torch/native /source/src/Cpt.Torch/native
RUN /source/eng/build-shim.sh --output /shim/libcpt_torch.so

FROM scratch AS shim-context
COPY artifacts/images/published/shim /shim

FROM shim-${PUBLISHED} AS shim

FROM ${DOTNET} AS dotnet

# ---- root file systems: what the programs use of Debian, and nothing else ----

FROM ${DEBIAN} AS runtime-root
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 libstdc++6 zlib1g
COPY eng/images/collect-root.sh /
RUN /collect-root.sh --dotnet /root-fs

FROM scratch AS runtime
COPY --from=runtime-root /root-fs /
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet

FROM ${DEBIAN} AS trainer-root
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 libstdc++6 zlib1g libtorch1.13 libopenblas0-openmp libvips42 patchelf
COPY eng/images/collect-root.sh eng/images/drop-unused.sh /
COPY --from=shim /shim /app
RUN /drop-unused.sh /usr/lib/*-linux-gnu/libtorch_cpu.so.?.*.*
RUN /collect-root.sh --dotnet /root-fs /app/libcpt_torch.so /usr/lib/*-linux-gnu/libvips.so.42 /usr/lib/*-linux-gnu/openblas-openmp/*.so.*

# ---- images ----

FROM ${OPERATOR_BASE} AS operator
COPY --from=published /published/operator /app
# The nursery is as large as the processor's cache unless it is told; the runtime reads this from the environment alone.
ENV DOTNET_GCgen0size=0x400000 DOTNET_ROOT=/usr/share/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
USER 1654:1654
EXPOSE 8080
ENTRYPOINT ["/app/cpt-operator"]
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="CPT Operator" \
      org.opencontainers.image.description="Continual post-training on Kubernetes: carries out ContinualRuns" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

FROM scratch AS trainer-cpu
COPY --from=trainer-root /root-fs /
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet
COPY --from=published /published/trainer-cpu /app
COPY --from=shim /shim/libcpt_torch.so /app/libcpt_torch.so
# One heap for all threads, and garbage collected before it is larger than a core's cache: memory stays flat from the first steps on.
ENV MALLOC_ARENA_MAX=1 DOTNET_GCgen0size=0x400000 DOTNET_ROOT=/usr/share/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
USER 65532:65532
WORKDIR /work
EXPOSE 9400
ENTRYPOINT ["/app/cpt-trainer"]
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="CPT trainer (CPU)" \
      org.opencontainers.image.description="Trains one stage of a ContinualRun, on Debian's libtorch and OpenBLAS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

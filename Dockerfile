# The images of the CPT Operator. Targets: operator, trainer-cpu, trainer-cuda.
#
#   docker build --target operator .              needs BuildKit, the default builder of Docker
#   eng/images/build.sh operator                  the same on a Debian machine with no Docker and no registry
#
# docs/images.md describes targets and arguments. operator and trainer-cpu hold no shell, no package manager and no compiler.

# Where the compiled programs come from: "sdk" compiles them here; "context" takes what eng/images/build.sh left in artifacts/images/published.
ARG PUBLISHED=sdk
ARG DEBIAN=docker.io/library/debian:12-slim
ARG DOTNET_SDK=mcr.microsoft.com/dotnet/sdk:10.0
# Only its /usr/share/dotnet is taken.
ARG DOTNET=mcr.microsoft.com/dotnet/aspnet:10.0
# What the operator stands on: a stage of this file, or an image such as mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled.
ARG OPERATOR_BASE=runtime
# Any Debian or Ubuntu with PyTorch in it; the CUDA trainer is linked with that PyTorch's libtorch.
ARG TORCH_BASE=docker.io/pytorch/pytorch:2.9.1-cuda12.8-cudnn9-runtime

# ---- programs ----

FROM ${DOTNET_SDK} AS source
WORKDIR /source
COPY . .
ARG REVISION=

FROM source AS program-operator-sdk
RUN SOURCE_REVISION=${REVISION} eng/images/publish.sh /published operator
FROM source AS program-trainer-cpu-sdk
RUN SOURCE_REVISION=${REVISION} eng/images/publish.sh /published trainer-cpu
FROM source AS program-trainer-cuda-sdk
RUN SOURCE_REVISION=${REVISION} eng/images/publish.sh /published trainer-cuda

FROM scratch AS program-operator-context
COPY artifacts/images/published/operator /published/operator
FROM scratch AS program-trainer-cpu-context
COPY artifacts/images/published/trainer-cpu /published/trainer-cpu
FROM scratch AS program-trainer-cuda-context
COPY artifacts/images/published/trainer-cuda /published/trainer-cuda

FROM program-operator-${PUBLISHED} AS program-operator
FROM program-trainer-cpu-${PUBLISHED} AS program-trainer-cpu
FROM program-trainer-cuda-${PUBLISHED} AS program-trainer-cuda

# ---- the shim between .NET and libtorch, compiled against the libtorch it will run with ----

FROM ${DEBIAN} AS shim-cpu-sdk
RUN apt-get update && apt-get install -y --no-install-recommends g++ libtorch-dev
COPY eng/build-shim.sh /source/eng/
COPY src/Cpt.Torch/native /source/src/Cpt.Torch/native
RUN /source/eng/build-shim.sh --output /shim/libcpt_torch.so
FROM scratch AS shim-cpu-context
COPY artifacts/images/published/shim /shim
FROM shim-cpu-${PUBLISHED} AS shim-cpu

FROM ${TORCH_BASE} AS shim-cuda
# The folder that holds PyTorch's include/ and lib/; where it is not named, Python is asked.
ARG TORCH=
USER 0:0
RUN command -v g++ >/dev/null || { apt-get update && apt-get install -y --no-install-recommends g++; }
COPY eng/build-shim.sh /source/eng/
COPY src/Cpt.Torch/native /source/src/Cpt.Torch/native
RUN /source/eng/build-shim.sh --output /shim/libcpt_torch.so ${TORCH:+--torch "$TORCH"}

# ---- root file systems: what the programs use of Debian and .NET, and nothing else ----

FROM ${DOTNET} AS dotnet

FROM ${DEBIAN} AS runtime-root
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 libstdc++6 zlib1g
COPY eng/images/collect-root.sh /
RUN /collect-root.sh --dotnet /root-fs

FROM scratch AS runtime
COPY --from=runtime-root /root-fs /
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet

FROM ${DEBIAN} AS trainer-packages
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 libstdc++6 zlib1g libtorch1.13 libopenblas0-openmp libvips42 patchelf

FROM trainer-packages AS trainer-root
COPY eng/images/collect-root.sh eng/images/drop-unused.sh /
COPY --from=shim-cpu /shim /app
RUN /drop-unused.sh /usr/lib/*-linux-gnu/libtorch_cpu.so.?.*.* \
 && /collect-root.sh --dotnet /root-fs /app/libcpt_torch.so /usr/lib/*-linux-gnu/libvips.so.42 /usr/lib/*-linux-gnu/openblas-openmp/*.so.*

FROM scratch AS trainer-runtime
COPY --from=trainer-root /root-fs /
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet

FROM ${TORCH_BASE} AS torch-runtime
USER 0:0
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 libvips42 && rm -rf /var/lib/apt/lists/* && mkdir -p -m 1777 /work

# ---- bills of materials ----

FROM ${DEBIAN} AS sbom
RUN apt-get update && apt-get install -y --no-install-recommends jq
COPY eng/images/sbom.sh eng/images/sbom.jq /

FROM ${OPERATOR_BASE} AS operator-base

FROM sbom AS operator-sbom
COPY --from=program-operator /published/operator/nuget.cdx.json /
RUN --mount=type=bind,from=operator-base,target=/image /sbom.sh /image cpt-operator /nuget.cdx.json /sbom/cpt-operator.cdx.json

FROM sbom AS trainer-cpu-sbom
COPY --from=program-trainer-cpu /published/trainer-cpu/nuget.cdx.json /
RUN --mount=type=bind,from=trainer-runtime,target=/image /sbom.sh /image cpt-trainer /nuget.cdx.json /sbom/cpt-trainer.cdx.json

FROM sbom AS trainer-cuda-sbom
COPY --from=program-trainer-cuda /published/trainer-cuda/nuget.cdx.json /
RUN --mount=type=bind,from=torch-runtime,target=/image /sbom.sh /image cpt-trainer /nuget.cdx.json /sbom/cpt-trainer.cdx.json

# ---- images ----

FROM operator-base AS operator
COPY --from=program-operator /published/operator/app /app
COPY --from=operator-sbom /sbom /usr/share/sbom
# The nursery would be as large as the processor's cache; the runtime reads this from the environment alone.
ENV DOTNET_GCgen0size=0x400000 DOTNET_ROOT=/usr/share/dotnet
USER 1654:1654
EXPOSE 8080
ENTRYPOINT ["/app/cpt-operator"]
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=https://github.com/example/cpt-operator
LABEL org.opencontainers.image.title="CPT Operator" \
      org.opencontainers.image.description="Continual post-training on Kubernetes: carries out ContinualRuns" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

FROM trainer-runtime AS trainer-cpu
COPY --from=program-trainer-cpu /published/trainer-cpu/app /app
COPY --from=shim-cpu /shim/libcpt_torch.so /app/libcpt_torch.so
COPY --from=trainer-cpu-sbom /sbom /usr/share/sbom
# One heap for all threads, and garbage collected before it is larger than a core's cache: memory stays flat from the first steps on.
ENV MALLOC_ARENA_MAX=1 DOTNET_GCgen0size=0x400000 DOTNET_ROOT=/usr/share/dotnet
USER 65532:65532
WORKDIR /work
EXPOSE 9400
ENTRYPOINT ["/app/cpt-trainer"]
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=https://github.com/example/cpt-operator
LABEL org.opencontainers.image.title="CPT trainer (CPU)" \
      org.opencontainers.image.description="Trains one stage of a ContinualRun, on Debian's libtorch and OpenBLAS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

FROM torch-runtime AS trainer-cuda
COPY --from=program-trainer-cuda /published/trainer-cuda/app /app
COPY --from=shim-cuda /shim/libcpt_torch.so /app/libcpt_torch.so
COPY --from=trainer-cuda-sbom /sbom /usr/share/sbom
ENV MALLOC_ARENA_MAX=1 DOTNET_GCgen0size=0x400000
USER 65532:65532
WORKDIR /work
EXPOSE 9400
ENTRYPOINT ["/app/cpt-trainer"]
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=https://github.com/example/cpt-operator
LABEL org.opencontainers.image.title="CPT trainer (CUDA)" \
      org.opencontainers.image.description="Trains one stage of a ContinualRun, on PyTorch's libtorch with CUDA" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

# Stands in for a PyTorch image where no registry can be reached: Debian's libtorch, laid out as a PyTorch folder, with include/ and lib/ in it. It has no
# CUDA, so what is seen with it is that the target builds, links with the base's libtorch and runs, not that it computes on a GPU.
ARG DEBIAN
FROM ${DEBIAN}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates g++ libtorch-dev libopenblas0-openmp
RUN mkdir -p /opt/torch/include /opt/torch/lib \
 && for folder in ATen c10 caffe2 torch; do ln -s /usr/include/$folder /opt/torch/include/$folder; done \
 && for library in /usr/lib/*-linux-gnu/libtorch*.so* /usr/lib/*-linux-gnu/libc10*.so*; do ln -s "$library" /opt/torch/lib/; done

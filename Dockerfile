# syntax=docker/dockerfile:1
FROM python:3.13.14-slim-trixie@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91 AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY build.lock requirements.lock ./
RUN python -m venv --without-pip /opt/mechanic-shop \
    && pip --python /opt/mechanic-shop/bin/python install \
        --require-hashes --only-binary :all: --requirement requirements.lock \
    && pip install --require-hashes --only-binary :all: --requirement build.lock
COPY LICENSE pyproject.toml README.md ./
COPY src src
RUN pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip --python /opt/mechanic-shop/bin/python install --no-index --no-deps /wheels/*.whl

FROM python:3.13.14-slim-trixie@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91
LABEL org.opencontainers.image.title="mechanic-shop" \
    org.opencontainers.image.licenses="MIT"
# Two malloc arenas are enough for the threads of a process; each further one retains unused memory.
ENV APP_ENV=production \
    MALLOC_ARENA_MAX=2 \
    PATH=/opt/mechanic-shop/bin:$PATH \
    PORT=8000 \
    PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/mechanic-shop shop
COPY --from=build /opt/mechanic-shop /opt/mechanic-shop
# DATABASE_URL must be set. A SQLite file belongs here, on a volume that is mounted:
# sqlite:////var/lib/mechanic-shop/shop.db
WORKDIR /var/lib/mechanic-shop
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["sh", "-c", "exec mechanic-shop serve --host 0.0.0.0 --port \"$PORT\""]

# One image for web, worker, beat and migrations; the command chooses. It holds no secret and runs as no root.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt ./
COPY bin/build-constraints.txt bin/
ENV PIP_CONSTRAINT=/app/bin/build-constraints.txt \
    PIP_BUILD_CONSTRAINT=/app/bin/build-constraints.txt \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv && /venv/bin/pip install --requirement requirements.txt

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-liberation \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin cauris
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings
# The values of this one line exist while static files are collected, and in no layer's environment.
RUN SECRET_KEY=unused-while-collecting DATABASE_URL=postgresql:///unused CAURIS_MASTER_SECRET_FILE=/nonexistent \
    python manage.py collectstatic --noinput --verbosity=0 \
    && install --directory --owner=cauris --group=cauris --mode=0700 var/files var/ancres
USER cauris
VOLUME ["/app/var/files", "/app/var/ancres"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "bin/healthy"]
CMD ["gunicorn", "--config=python:config.gunicorn", "--bind=0.0.0.0:8000", "config.wsgi:application"]

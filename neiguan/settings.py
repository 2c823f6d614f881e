"""All settings, from the environment only. Without one, the embedded servers fill it in (neiguan/embedded.py)."""

import sys
from pathlib import Path
from typing import Any

import environ
import structlog

env = environ.Env()

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(env.str("NEIGUAN_VAR", default=str(ROOT / "var")))
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
HASH_KEY = env.str("HASH_KEY")  # keyed hashes of ID numbers, phones, accounts
FIELD_KEY = env.str("FIELD_KEY")  # Fernet key of encrypted personal fields
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
HTTPS = env.bool("HTTPS", default=not DEBUG)

ENGINE = env.str("ENGINE", default="duckdb")  # of the detectors: duckdb or spark
SPARK_MASTER = env.str("SPARK_MASTER", default="")  # spark://host:7077, yarn, k8s://...
ENGINE_THREADS = env.int("ENGINE_THREADS", default=2)
ENGINE_MEMORY = env.str(
    "ENGINE_MEMORY", default="2GB"
)  # past it the engine spills to NEIGUAN_VAR/spill
LAKE_URL = env.str("LAKE_URL", default=str(VAR / "lake"))
INBOX = Path(
    env.str("INBOX", default=str(VAR / "inbox"))
)  # the watched folder, one sub-folder a bureau
REDIS_URL = env.str("REDIS_URL", default="")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_tables2",
    "csp",
    "axes",
    "rules",
    "neiguan",
    "audit",
    "accounts",
    "jobs",
    "documents",
    "sources",
    "alerts",
    "cases",
    "reports",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.session_limits",
    "accounts.middleware.first_password",
    "accounts.middleware.bureau_walls",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "neiguan.urls"
WSGI_APPLICATION = "neiguan.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.shell",
            ],
        },
    },
]

_web = env.db_url("DATABASE_URL")
_owner = env.db_url(
    "DATABASE_OWNER_URL", default=env.str("DATABASE_URL")
)  # only `migrate` needs it
_connection = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": True}


def _showing(server: dict[str, Any], bureaus: str) -> dict[str, Any]:
    """Whose rows PostgreSQL shows before anything else is said (accounts/walls.py)."""
    return {**server.get("OPTIONS", {}), "options": f"-c app.bureaus={bureaus}"}


DATABASES = {
    # The web role may do what migrations granted it; the owner role owns the schema and migrates.
    "default": {
        **_web,
        **_connection,
        "OPTIONS": _showing(_web, env.str("APP_BUREAUS", default="")),
        "TEST": {"MIRROR": "owner"},
    },
    "owner": {
        **_owner,
        "OPTIONS": _showing(_owner, "all"),
        "TEST": {"NAME": f"test_{_owner['NAME']}"},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "alerts:board"
LOGOUT_REDIRECT_URL = "accounts:login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username"], ["ip_address", "username"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_VERBOSE = False

SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=15 * 60)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", default=8 * 3600)
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 0 if DEBUG or not HTTPS else 31_536_000  # not for a self-made certificate
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "accounts.views.errors.csrf_failed"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR / "static")))
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR / "media")))
_static_storage = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_storage},
}
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "django_tables2/bootstrap5.html"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
IMPORT_FILE_LIMIT = env.int(
    "IMPORT_FILE_LIMIT", default=1024 * 2**20
)  # bytes an uploaded file may have

# One JSON object a line; newlines in what others send are escaped, so nobody forges a line.
_about: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_json = structlog.processors.JSONRenderer(ensure_ascii=False)
structlog.configure(
    processors=[*_about, _json], logger_factory=structlog.WriteLoggerFactory(sys.stderr)
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _json],
            "foreign_pre_chain": _about,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}

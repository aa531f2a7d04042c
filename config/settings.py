"""Settings of Cauris. Values come from the environment (`config/environment.py`)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from apps.socle.launch import secrets as local_secrets
from config.environment import InsecureSetting, read

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT: str = read("CAURIS_ENV")
PRODUCTION = ENVIRONMENT == "production"
TESTING = ENVIRONMENT == "test"
if ENVIRONMENT not in {"development", "test", "production"}:
    raise InsecureSetting(f"CAURIS_ENV is {ENVIRONMENT!r}: development, test or production is expected.")
DATA_DIR = Path(read("CAURIS_DATA_DIR") or BASE_DIR / "var").resolve()
DEBUG = False  # the pages of 404 and 500 are ours everywhere; a traceback belongs in the log

# Secrets ---------------------------------------------------------------------------------
SECRET_KEY: str = read("SECRET_KEY") or ("" if PRODUCTION else local_secrets.django_key(DATA_DIR))
MASTER_SECRET_FILE = Path(read("CAURIS_MASTER_SECRET_FILE") or DATA_DIR / "secrets" / "master")
if not read("CAURIS_MASTER_SECRET_FILE") and not PRODUCTION:
    local_secrets.master_secret(DATA_DIR)
SECOND_FACTOR: str = read("CAURIS_SECOND_FACTOR")
ALLOWED_HOSTS: list[str] = read("ALLOWED_HOSTS")

if PRODUCTION:
    refusals = [
        (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10, "SECRET_KEY must be set, 50 characters or more."),
        (not read("DATABASE_URL"), "DATABASE_URL must name a PostgreSQL; the embedded server is for trying."),
        (not read("CAURIS_MASTER_SECRET_FILE"), "CAURIS_MASTER_SECRET_FILE must name the mounted master secret."),
        (SECOND_FACTOR != "required", "CAURIS_SECOND_FACTOR must be 'required'."),
        (
            "*" in ALLOWED_HOSTS or ALLOWED_HOSTS == ["localhost", "127.0.0.1", "[::1]"],
            "ALLOWED_HOSTS must name the hosts served.",
        ),
        (not read("CAURIS_BEHIND_TLS_PROXY"), "CAURIS_BEHIND_TLS_PROXY must be true: production is served over TLS."),
        (not read("CELERY_BROKER_URL"), "CELERY_BROKER_URL must name a Redis."),
    ]
    for refused, sentence in refusals:
        if refused:
            raise InsecureSetting(sentence)

if SECOND_FACTOR != "required" and read("DATABASE_URL"):
    raise InsecureSetting("CAURIS_SECOND_FACTOR may be relaxed for the demo only, which has no DATABASE_URL.")

# Applications ----------------------------------------------------------------------------
INSTALLED_APPS = [
    "apps.insurance",
    "apps.comptabilite",
    "apps.tontine",
    "apps.hospital",
    "apps.mouvements",
    "apps.facturation",
    "apps.fiscal",
    "apps.echanges",
    "apps.organisations",
    "apps.socle",
    "config.apps.CaurisAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.apps.CaurisStaticFilesConfig",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_celery_beat",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
AUTH_USER_MODEL = "organisations.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# The facts' subscribers run in this order, inside the producer's transaction.
FACT_SUBSCRIBER_ORDER = ("mouvements", "comptabilite", "fiscal")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.socle.middleware.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.socle.middleware.AuditMiddleware",
    "config.middleware.RefusalMiddleware",
    "apps.organisations.middleware.TenantMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "apps.organisations.context_processors.house",
            ],
        },
    }
]

# Database --------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {}
urls = {
    "default": read("DATABASE_URL"),
    "owner": read("DATABASE_OWNER_URL"),
    "maintenance": read("DATABASE_MAINTENANCE_URL"),
}
EMBEDDED_DATABASE = not urls["default"]
if EMBEDDED_DATABASE:
    from apps.socle.launch.postgres import embedded_urls, home_of

    urls = embedded_urls(DATA_DIR)
for alias, url in urls.items():
    if url and alias in read("CAURIS_DATABASE_LOGINS"):
        DATABASES[alias] = dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
        DATABASES[alias].setdefault("OPTIONS", {}).setdefault("application_name", f"cauris-{alias}")
        # What runs a hundred times a sale is planned once: a third less work for the server.
        DATABASES[alias]["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 5}
DATABASE_ROUTERS = ["apps.socle.routers.OneDatabase"]

# Cache, sessions, tasks ------------------------------------------------------------------
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": read("CACHE_URL")}
        if read("CACHE_URL")
        else {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "socle_cache",
            # Above it Django drops a third of the rows: failures for made-up names would push out a lock.
            "OPTIONS": {"MAX_ENTRIES": 1_000_000},
        }
    )
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
CSRF_TRUSTED_ORIGINS: list[str] = read("CSRF_TRUSTED_ORIGINS")

CELERY_BROKER_URL: str = read("CELERY_BROKER_URL") or "filesystem://localhost"
if CELERY_BROKER_URL == "filesystem://localhost":
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(DATA_DIR / "broker" / "queue"),
        "data_folder_out": str(DATA_DIR / "broker" / "queue"),
        "processed_folder": str(DATA_DIR / "broker" / "processed"),
        "control_folder": str(DATA_DIR / "broker" / "control"),
        "store_processed": False,
    }
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"
# At night in West and Central Africa, closings in each tenant's own. Each task is safe to run twice and goes over all tenants.
CELERY_BEAT_SCHEDULE = {
    "relancer-reprises": {"task": "apps.comptabilite.caisse.tasks.relancer_reprises", "schedule": crontab()},
    "verifier-totaux": {
        "task": "apps.comptabilite.grand_livre.tasks.verifier_totaux",
        "schedule": crontab(hour=1, minute=10),
    },
    "verify-every-chain": {"task": "apps.fiscal.tasks.verify_every_chain", "schedule": crontab(hour=2, minute=10)},
    "anchor-days": {"task": "apps.fiscal.tasks.anchor_days", "schedule": crontab(minute=5)},
    "deliver-pending-anchors": {
        "task": "apps.fiscal.tasks.deliver_pending_anchors",
        "schedule": crontab(minute="*/5"),
    },
    "close-finished-periods": {"task": "apps.fiscal.tasks.close_finished_periods", "schedule": crontab(minute="*/5")},
    "verifier-soldes": {"task": "apps.mouvements.tasks.verifier_soldes", "schedule": crontab(hour=1, minute=20)},
}

# Sign-in ---------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["apps.organisations.backends.MembershipBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.organisations.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {
    "login": "apps.organisations.forms.LoginForm",
    "change_password": "apps.organisations.forms.ChangePasswordForm",
}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key,50/15m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT: int = read("CAURIS_TRUSTED_PROXIES")
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

# Language and time -----------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # each tenant activates its own; this one only formats what belongs to none
FORMAT_MODULE_PATH = ["config.formats"]
USE_THOUSAND_SEPARATOR = False

# Static files and uploads ------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
_bootstrap = importlib.util.find_spec("xstatic.pkg.bootstrap")
STATICFILES_DIRS: list[Any] = [BASE_DIR / "static"]
if _bootstrap and _bootstrap.submodule_search_locations:
    STATICFILES_DIRS.append(("bootstrap", Path(next(iter(_bootstrap.submodule_search_locations))) / "data"))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "files")},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map", "md", "txt", "html")
if read("AWS_STORAGE_BUCKET_NAME"):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": read("AWS_STORAGE_BUCKET_NAME"),
            "endpoint_url": read("AWS_S3_ENDPOINT_URL") or None,
            "querystring_auth": True,
        },
    }
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_PERMISSIONS = 0o600

# Browser security --------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if read("CAURIS_BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^sante/"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Heads of the chains, outside the database ---------------------------------------------------
ANCHOR_FILE = Path(read("CAURIS_ANCHOR_FILE") or DATA_DIR / "ancres" / "ancres.jsonl").resolve()
ANCHOR_S3_BUCKET: str = read("CAURIS_ANCHOR_S3_BUCKET")
ANCHOR_S3_ENDPOINT_URL: str = read("CAURIS_ANCHOR_S3_ENDPOINT_URL")
ANCHOR_S3_PREFIX: str = read("CAURIS_ANCHOR_S3_PREFIX").strip("/")
ANCHOR_S3_DAYS: int = read("CAURIS_ANCHOR_S3_DAYS")
ANCHOR_EMAIL: str = read("CAURIS_ANCHOR_EMAIL")
if EMBEDDED_DATABASE and ANCHOR_FILE.is_relative_to(home_of(DATA_DIR) or DATA_DIR / "pg"):
    raise InsecureSetting("CAURIS_ANCHOR_FILE stands under the database's data: what restores one would restore both.")
if PRODUCTION and ANCHOR_S3_ENDPOINT_URL.startswith("http://"):
    raise InsecureSetting("CAURIS_ANCHOR_S3_ENDPOINT_URL must be https.")

# Mail, API, log ----------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL: str = read("DEFAULT_FROM_EMAIL")
if read("EMAIL_URL"):
    from config.mail import parse_email_url

    globals().update(parse_email_url(read("EMAIL_URL")))

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

LOG_LEVEL: str = read("CAURIS_LOG_LEVEL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "apps.socle.redaction.RedactingFilter"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "json_ensure_ascii": False,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["redact"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "weasyprint": {"level": "WARNING"},  # six lines of progress for each receipt otherwise
        "fontTools": {"level": "WARNING"},
    },
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SITE_NAME = _("Cauris")

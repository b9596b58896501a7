"""Django's settings, made of the home's and the portal's own; nothing is written here by hand.

`portal.serve` looks whether they fit together before anybody is served.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from assets.lake.encryption import Sealer
from pipelines.settings import Settings
from portal.configuration import LOOPBACK, PortalConfiguration

# All that this process writes is the owner's only.
os.umask(0o077)
LAKE = Settings().lake
CONFIGURATION = PortalConfiguration()
HOME = LAKE.home
(HOME / "portal").mkdir(parents=True, exist_ok=True, mode=0o700)
_ROOT = Path(__file__).resolve().parent
_SEALER = Sealer.of_home(HOME)
IS_DEMO = CONFIGURATION.demo
_HAS_TLS = bool(CONFIGURATION.url)

# Of the home's secret, so that nobody keeps one more; each use has its own. With a new key it is
# another from the next start on: who had the old one signs no session.
SECRET_KEY = "".join(_SEALER.passing_text("portal", use) for use in ("sessions", "signatures"))
DEBUG = False
ALLOWED_HOSTS = (
    [urlsplit(CONFIGURATION.url).hostname or ""] if _HAS_TLS else [LOOPBACK, "localhost"]
)
DATABASES = {"default": CONFIGURATION.django_database(HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
AUTH_USER_MODEL = "portal.Person"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "mozilla_django_oidc",
    "portal.apps.PortalApp",
]
MIDDLEWARE = [
    "portal.login.own_machine.DemoOnThisMachineOnly",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Before all that can refuse a request: a refusal is kept nowhere either.
    "portal.login.keeping.KeptNowhere",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- login ---------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "portal.login.demo.ChosenPerson" if IS_DEMO else "portal.login.oidc.MunicipalLogin",
]
LOGIN_URL = "/logga-in/"
LOGIN_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL_FAILURE = "/logga-in/?misslyckad=1"
LOGOUT_REDIRECT_URL = "/logga-in/"
OIDC_RP_CLIENT_ID = CONFIGURATION.oidc_client_id
OIDC_RP_CLIENT_SECRET = CONFIGURATION.client_secret
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid email profile"
OIDC_USE_NONCE = True
OIDC_USE_PKCE = True
OIDC_PKCE_CODE_CHALLENGE_METHOD = "S256"
OIDC_TIMEOUT = 10
OIDC_STORE_ACCESS_TOKEN = OIDC_STORE_ID_TOKEN = False
OIDC_CALLBACK_CLASS = "portal.login.oidc.Callback"
# Found at the issuer when the portal starts (`configuration.py`).
OIDC_OP_AUTHORIZATION_ENDPOINT = os.environ.get("TRAPPAN_PORTAL_FOUND_AUTHORIZATION", "")
OIDC_OP_TOKEN_ENDPOINT = os.environ.get("TRAPPAN_PORTAL_FOUND_TOKEN", "")
OIDC_OP_USER_ENDPOINT = os.environ.get("TRAPPAN_PORTAL_FOUND_USERINFO", "")
OIDC_OP_JWKS_ENDPOINT = os.environ.get("TRAPPAN_PORTAL_FOUND_JWKS", "")
# Who is counted as one, and how often that one may fail in a quarter of an hour.
AXES_USERNAME_CALLABLE = "portal.login.guessing.who_fails"
AXES_FAILURE_LIMIT = "portal.login.guessing.most_failures"
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = "portal.login.guessing.counted_by"
AXES_LOCKOUT_TEMPLATE = "portal/locked_out.html"
# Somebody's success says nothing of the others who sit behind the same address.
AXES_RESET_ON_SUCCESS = False
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["code", "state", "session_state", "person", "username", "password"]
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "portal.login.own_machine.address_of"

# --- sessions ------------------------------------------------------------------------------------
SESSION_ENGINE = "portal.login.sessions"
SESSION_COOKIE_AGE = 30 * 60
# Ours: what a session is over after, however much is done in it.
SESSION_LONGEST_SECONDS = CONFIGURATION.session_hours * 3600
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HAS_TLS
SESSION_COOKIE_NAME = "__Host-trappan" if _HAS_TLS else "trappan"
CSRF_COOKIE_NAME = "__Host-trappan-csrf" if _HAS_TLS else "trappan-csrf"
KNOWN_BROWSER_COOKIE_NAME = "__Host-trappan-browser" if _HAS_TLS else "trappan-browser"
CSRF_FAILURE_VIEW = "portal.views.errors.form_too_old"
CSRF_TRUSTED_ORIGINS = [CONFIGURATION.url.rstrip("/")] if _HAS_TLS else []

# --- what a browser may do -----------------------------------------------------------------------
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HAS_TLS else None
SECURE_SSL_REDIRECT = _HAS_TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _HAS_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HAS_TLS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
# A file that somebody sends is held in memory, or not taken: never in the machine's own folder for
# temporary files.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024 + 64 * 1024

# --- words, files, logs --------------------------------------------------------------------------
LANGUAGE_CODE = "sv"
TIME_ZONE = "Europe/Stockholm"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/statiskt/"
STATICFILES_DIRS = [_ROOT / "static"]
STATIC_ROOT = HOME / "portal" / "static"
# Django's own choice is that all may read them; in a home nobody else reads anything.
FILE_UPLOAD_PERMISSIONS = 0o600
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_data": {"()": "portal.login.keeping.WithoutData"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "filters": ["without_data"]},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    # Its handlers of its own would mail, or print, a request with what was typed.
    "loggers": {"django": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}

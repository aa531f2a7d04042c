"""How gunicorn serves Cauris, on one machine or in a container: `gunicorn --config python:config.gunicorn`."""

from config.environment import read

worker_class = "gthread"
workers: int = read("CAURIS_WEB_PROCESSES")
threads: int = read("CAURIS_WEB_THREADS")
preload_app = True  # one start of Django, and one check of the protections, for all workers
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None  # requests are in AuditLog, redacted
control_socket_disable = True
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "json_ensure_ascii": False,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": read("CAURIS_LOG_LEVEL")},
    "loggers": {"gunicorn.error": {"handlers": ["stderr"], "level": read("CAURIS_LOG_LEVEL"), "propagate": False}},
}

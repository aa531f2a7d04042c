"""How gunicorn serves Cauris, on one machine or in a container: `gunicorn --config python:config.gunicorn`."""

from config.environment import read

worker_class = "gthread"
workers: int = read("CAURIS_WEB_PROCESSES")
threads: int = read("CAURIS_WEB_THREADS")
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
errorlog = "-"
accesslog = None  # requests are in AuditLog, redacted
control_socket_disable = True

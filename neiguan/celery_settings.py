"""Celery settings under which a killed worker, broker or database loses nothing (with the outbox)."""

from django.conf import settings

# redis-py writes unix://, kombu redis+socket://
broker_url = settings.REDIS_URL.replace("unix://", "redis+socket://", 1)
task_acks_late = True
task_reject_on_worker_lost = True
task_acks_on_failure_or_timeout = True
worker_prefetch_multiplier = 1
task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True
worker_max_tasks_per_child = 200
worker_cancel_long_running_tasks_on_connection_loss = True
worker_hijack_root_logger = False
broker_connection_retry_on_startup = True
broker_transport_options = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "health_check_interval": 30,
}
task_publish_retry_policy = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
timezone = "Asia/Shanghai"
beat_schedule = {"tick": {"task": "jobs.tick", "schedule": 2.0, "options": {"expires": 20}}}

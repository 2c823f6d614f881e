import os

from django.core.wsgi import get_wsgi_application

os.environ["APP_BUREAUS"] = ""  # each request opens its own walls
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")
application = get_wsgi_application()

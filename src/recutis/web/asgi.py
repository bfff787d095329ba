"""The application that an ASGI server runs: `uvicorn recutis.web.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from recutis.web.limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recutis.web.settings")
application = BodyLimit(get_asgi_application())

"""What a server of WSGI is given."""

import os

from django.core.wsgi import get_wsgi_application

from portal.configuration import PortalConfiguration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
# Whatever server it is given to: no demo that others could reach, no half login.
PortalConfiguration().checked()

"""The portal as Django knows it."""

from django.apps import AppConfig


class PortalApp(AppConfig):
    """Its tables and templates."""

    name = "portal"
    verbose_name = "Frånvarotrappan"

"""The private PostGIS cluster: made, started, recovered and stopped by us, apart from any other on the machine."""

from cli.cluster.server import Cluster, Status, ensure_started, running_urls, status, stop, stop_if_idle
from cli.cluster.urls import DatabaseUrls

__all__ = ["Cluster", "DatabaseUrls", "Status", "ensure_started", "running_urls", "status", "stop", "stop_if_idle"]

"""The layer ``camera_owners``."""

from layers.catalog.camera_owners.spec import LAYER

__all__ = ["LAYER"]

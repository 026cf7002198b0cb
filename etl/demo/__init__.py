"""The demo: a seeded synthetic district of a city shaped like Pavlodar, as files for the ordinary importer."""

from etl.demo.building import DemoFile, DemoManifest, build, workspace_document

__all__ = ["DemoFile", "DemoManifest", "build", "workspace_document"]

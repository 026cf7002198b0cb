"""Services as the command line asks them: with the operator's pause, and inside private networks too, which its user could reach anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.mappings import named
from cli.session import Session
from cli.settings import Settings
from geo_core.errors import DataQuality
from layers.spec import Layer, SourceMapping

if TYPE_CHECKING:
    from etl.mapping import ProposedMapping
    from etl.sources.service import Asking, Progress, ServiceRequest


def asking(here: Session) -> Asking:
    """How services are asked from here."""
    from etl.sources.addresses import Guard
    from etl.sources.service import Asking
    from etl.sources.transport import Politeness

    return Asking(
        spool=_uploads(here.settings) / "services",
        guard=Guard(allow_private=True),
        politeness=Politeness(pause_s=here.settings.service_pause_seconds),
    )


def _uploads(settings: Settings) -> Any:
    return settings.uploads or settings.home / "uploads"


def choose_for_service(
    here: Session, *, layer: Layer, url: str, wanted: str | None
) -> tuple[SourceMapping, ProposedMapping | None]:
    """The mapping named, else the one the service's attributes propose; errors as ``cli.mappings.choose``."""
    from etl.sources.service import mapping_of_service

    if wanted is not None:
        return named(layer, wanted), None
    return mapping_of_service(layer, url, asking(here))


def imported(here: Session, wanted: ServiceRequest, how: Asking, *, progress: Progress) -> dict[str, Any]:
    """Ask and import; the report.

    Raises
    ------
    DataQuality : ``no-rows``: the service has nothing for this condition.
    """
    from etl.sources.service import import_service

    done = import_service(here.engines, here.principal, wanted, how, progress=progress)
    if done.report is None:
        raise DataQuality("no-rows", name=done.origin["url"])
    return done.report.as_dict()

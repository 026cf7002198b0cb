"""Dependencies: what a route is given. They parse and find out who asks; the routes only call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from starlette.responses import Response

import i18n
from api import answers
from api.gate import Pass
from api.parameters import LayerName, WorkspaceSlug, filter_from_query, layer_named, place_from_query
from api.service import Service, service_of
from etl.saved_mappings import MappingFolder
from geo_core.errors import InvalidInput, NotFound
from layers import identity
from layers.identity import Principal, Purpose
from layers.queries.filters import Filter, Place
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

P = ParamSpec("P")
T = TypeVar("T")


def service(request: Request) -> Service:
    """The running service."""
    return service_of(request.app)


async def principal(request: Request, running: Annotated[Service, Depends(service)]) -> Principal:
    """Who asks."""
    return await running.doorman.principal(request)


def language(
    request: Request,
    given: Annotated[
        str | None, Query(alias="language", description="kk, ru or en; else by Accept-Language.", examples=["ru"])
    ] = None,
) -> str:
    """The reader's language."""
    if given is None:
        return i18n.negotiate(request.headers.get("accept-language"))
    if given not in i18n.LANGUAGES:
        raise InvalidInput("bad-parameter", name="language", value=given[:20], expected=", ".join(i18n.LANGUAGES))
    return given


ServiceOf = Annotated[Service, Depends(service)]
Asker = Annotated[Principal, Depends(principal)]
Language = Annotated[str, Depends(language)]
FilterOf = Annotated[Filter, Depends(filter_from_query)]
PlaceOf = Annotated[Place, Depends(place_from_query)]


def _layer(layer: LayerName) -> Layer:
    return layer_named(layer)


LayerOf = Annotated[Layer, Depends(_layer)]


def _events(layer: LayerOf) -> Layer:
    if not layer.is_event:
        raise InvalidInput("layer-without-time", layer=layer.id)
    return layer


EventsOf = Annotated[Layer, Depends(_events)]


@dataclass(frozen=True)
class Desk:
    """A reader at a workspace: who asks, where, in which language.

    Its methods are the only way from a route to the data, so none can forget the identity.
    """

    request: Request
    service: Service
    principal: Principal
    slug: str
    language: str

    @property
    def prefix(self) -> str:
        """Path of the API as readers reach it, without a slash at the end."""
        given = self.service.settings.public_prefix
        return (given if given is not None else str(self.request.scope.get("root_path", ""))).rstrip("/")

    @property
    def base(self) -> str:
        """Path of the workspace."""
        return f"{self.prefix}/w/{self.slug}"

    @property
    def mappings(self) -> MappingFolder:
        """Mappings kept for the workspace; whether the reader may see it is the question's to ask first."""
        return MappingFolder(self.service.settings.mappings_folder, self.slug)

    async def run(
        self, question: Callable[Concatenate[Connection, WorkspaceInfo, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The answer of a question about records, in a thread."""
        return await self.service.in_thread(
            lambda: self.service.ask(self.principal, self.slug, question, *args, **kwargs)
        )

    async def json(
        self,
        question: Callable[Concatenate[Connection, WorkspaceInfo, P], Any],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        """The answer as JSON with an ETag of its own bytes and the reader's rights."""
        return await self.fresh(Purpose.RECORDS, lambda c, w: answers.to_json(question(c, w, *args, **kwargs)))

    async def fresh(
        self,
        purpose: Purpose,
        make: Callable[[Connection, WorkspaceInfo], bytes],
        *,
        media_type: str = answers.JSON,
        **headers: str,
    ) -> Response:
        """Bytes made for this request alone."""

        def work(connection: Connection, workspace: WorkspaceInfo) -> tuple[bytes, str]:
            return make(connection, workspace), identity.fingerprint(connection)

        data, rights = await self.service.in_thread(
            lambda: self.service.ask_for(purpose, self.principal, self.slug, work)
        )
        return answers.fresh(self.request, data, rights=rights, media_type=media_type, **headers)

    async def cached(
        self,
        layers: tuple[str, ...],
        question: tuple[object, ...],
        make: Callable[[Connection, WorkspaceInfo, Pass], bytes],
        *,
        media_type: str = answers.JSON,
        purpose: Purpose = Purpose.AGGREGATE,
    ) -> Response:
        """Bytes kept ready until something of ``layers`` changes; the version is asked for each time, in one round trip."""
        passed = await self.service.gate.open(self.principal, self.slug, layers, full=True)

        def work() -> bytes:
            return self.service.ask_for(purpose, self.principal, self.slug, lambda c, w: make(c, w, passed))

        return await answers.cached(
            self.request, self.service, passed, (purpose, self.prefix, *question), media_type, work
        )


def check_slug(given: str) -> None:
    """Refuse what no slug can be before the database sees it.

    Raises
    ------
    NotFound
    """
    if not given.isprintable():
        raise NotFound("unknown-workspace", workspace="".join(letter for letter in given if letter.isprintable()))


def desk(request: Request, running: ServiceOf, who: Asker, ws: WorkspaceSlug, spoken: Language) -> Desk:
    """The reader at the workspace of the path.

    Raises
    ------
    InvalidInput : ``unknown-parameter``: a mistyped filter would else be ignored and everything be counted.
    """
    check_slug(ws)
    check_names(request)
    return Desk(request, running, who, ws, spoken)


def check_names(request: Request) -> None:
    """Refuse a query parameter the route does not know."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = _names_of(route)
    for name in request.query_params:
        if name not in known:
            raise InvalidInput("unknown-parameter", name=name[:100], known=", ".join(sorted(known)))


def _names_of(route: APIRoute) -> frozenset[str]:
    """Query parameters of a route, those of what it depends on included."""

    def below(dependant: Dependant) -> set[str]:
        own = {str(field.alias) for field in dependant.query_params}
        return own.union(*(below(one) for one in dependant.dependencies))

    return frozenset(below(route.dependant))


DeskOf = Annotated[Desk, Depends(desk)]

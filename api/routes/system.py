"""Whether the process lives, whether it can serve, who asks."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import fresh, to_json
from api.asking import Asker, Language, ServiceOf
from api.readiness import readiness
from api.routes import problems
from api.schemas import Health, Me, Ready, SignIn
from geo_core.errors import Forbidden
from layers.identity import find_by_token, transaction
from layers.workspaces import may_found

router = APIRouter(tags=["service"])


@router.get("/health", response_model=Health, summary="Whether the process lives")
async def get_health() -> dict[str, str]:
    """Asks nothing of anybody."""
    return {"status": "ok"}


@router.get(
    "/ready",
    response_model=Ready,
    summary="Whether the service can answer",
    responses={503: {"model": Ready, "description": "The database is away or not migrated."}},
)
async def get_ready(running: ServiceOf, language: Language) -> Response:
    """Database, migrations, and how long the worker has been silent (which delays jobs and nothing else: 200, `degraded`)."""
    silence_s = running.settings.worker_silence_seconds
    found = await running.in_thread(lambda: readiness(running.engines.app, silence_s=silence_s, language=language))
    return Response(
        to_json(found),
        status_code=200 if found["ready"] else 503,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **({} if found["ready"] else {"Retry-After": "5"})},
    )


@router.get("/me", response_model=Me, responses=problems(304), summary="Who asks")
async def get_me(request: Request, who: Asker, running: ServiceOf) -> Response:
    """The principal this request is answered for."""
    body: dict[str, Any] = {
        "id": who.id,
        "subject": who.subject,
        "display_name": who.display_name,
        "is_local_administrator": "authorization" not in request.headers
        and running.settings.cookie not in request.cookies,
    }

    def rights() -> dict[str, bool]:
        with transaction(running.engines.app, who) as connection:
            return {
                "may_create_workspaces": may_found(connection),
                "may_load_demos": may_found(connection, is_synthetic=True),
            }

    body |= await running.in_thread(rights)
    return fresh(request, to_json(body), rights=str(who.id))


@router.post("/session", status_code=204, responses=problems(403, 422), summary="Sign in: a token for a session cookie")
async def post_session(given: SignIn, running: ServiceOf) -> Response:
    """Set the session cookie (HttpOnly, SameSite=Lax)."""
    if (
        "\x00" in given.token
        or await running.in_thread(lambda: find_by_token(running.engines.app, given.token)) is None
    ):
        raise Forbidden("unknown-token")
    answer = Response(status_code=204)
    settings = running.settings
    answer.set_cookie(
        settings.cookie, given.token, httponly=True, samesite="lax", secure=settings.cookie_secure, path="/"
    )
    return answer


@router.delete("/session", status_code=204, summary="Sign out")
async def delete_session(running: ServiceOf) -> Response:
    """Forget the session cookie."""
    answer = Response(status_code=204)
    answer.delete_cookie(running.settings.cookie, path="/")
    return answer

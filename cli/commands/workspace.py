"""``workspace``: territories with their zone, projection, districts and registration breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.filtering import JsonOption, box
from cli.speech import language, print_json, print_line
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(listed)
    group.command("remove")(remove)
    app.add_typer(group, name="workspace")


def create(
    slug: Annotated[str, typer.Argument()],
    zone: Annotated[str, typer.Option("--zone")],
    title_kk: Annotated[str | None, typer.Option("--title-kk")] = None,
    title_ru: Annotated[str | None, typer.Option("--title-ru")] = None,
    title_en: Annotated[str | None, typer.Option("--title-en")] = None,
    territory: Annotated[Path | None, typer.Option("--territory", dir_okay=False)] = None,
    bbox: Annotated[str | None, typer.Option("--bbox", metavar="W,S,E,N")] = None,
    areas: Annotated[Path | None, typer.Option("--areas", dir_okay=False)] = None,
    area_code: Annotated[str, typer.Option("--area-code")] = "code",
    breaks: Annotated[list[str] | None, typer.Option("--break", metavar="LAYER=YYYY-MM-DD")] = None,
    json: JsonOption = False,
) -> None:
    """Make a workspace and its local administrator."""
    from cli import territories
    from cli.database import database_urls
    from cli.filtering import day
    from cli.session import open_engines
    from cli.settings import load_settings
    from cli.start import migrate
    from geo_core.errors import InvalidInput, Unavailable
    from layers import workspaces
    from layers.engine import border
    from layers.identity import LOCAL_ADMINISTRATOR, add_principal, grant
    from layers.spec import Role

    declared: list[workspaces.BreakSpec] = []
    for one in breaks or []:
        layer, _, written = one.partition("=")
        when = day("break", written)
        if when is not None:
            declared.append(workspaces.BreakSpec(layer_id=layer, day=when))
    titles = {"kk": title_kk, "ru": title_ru, "en": title_en}
    spec = workspaces.WorkspaceSpec(
        slug=workspaces.check_slug(slug),
        titles={code: title or slug for code, title in titles.items()},
        territory=territories.read_territory(territory, box("bbox", bbox)),
        zone=zone,
        territories=territories.read_parts(areas, area_code) if areas else (),
        breaks=tuple(declared),
    )
    settings = load_settings()
    migrate(database_urls(settings))
    with open_engines(settings) as engines:
        if engines.owner is None:
            raise Unavailable("owner-needed")
        try:
            with border(), engines.owner.begin() as owner:
                info = workspaces.create(owner, spec)
                principal = add_principal(owner, LOCAL_ADMINISTRATOR)
                grant(owner, principal, territory_id=info.root_territory_id, role=Role.ADMINISTRATOR)
        except ValueError as error:
            raise InvalidInput("bad-territory") from error
    if json:
        print_json(_plain(info) | {"territories": len(spec.territories)})
    else:
        print_line(texts().text("cli.workspace.created", language(), workspace=slug, territories=len(spec.territories)))


def listed(json: JsonOption = False) -> None:
    """Workspaces there are."""
    from cli.session import session
    from layers import workspaces
    from layers.identity import transaction

    with session() as here, transaction(here.engines.app, here.principal) as connection:
        found = workspaces.listed(connection)
    if json:
        print_json({"workspaces": [_plain(info) for info in found]})
        return
    for info in found:
        title = info.titles.get(language()) or info.slug
        mark = texts().text("cli.workspace.synthetic", language()) if info.is_synthetic else ""
        print_line(f"{info.slug:<20} {info.zone:<18} {title} {mark}".rstrip())


def remove(
    slug: Annotated[str, typer.Argument()],
    yes: Annotated[bool, typer.Option("--yes")] = False,
    json: JsonOption = False,
) -> None:
    """Delete a workspace with everything in it."""
    from cli.session import open_engines
    from cli.settings import load_settings
    from geo_core.errors import Unavailable
    from layers import workspaces
    from layers.engine import border

    if not yes:
        typer.confirm(texts().text("cli.workspace.remove_ask", language(), workspace=slug), abort=True, err=True)
    with open_engines(load_settings()) as engines:
        if engines.owner is None:
            raise Unavailable("owner-needed")
        with border(), engines.owner.begin() as owner:
            workspaces.remove(owner, slug)
    if json:
        print_json({"removed": slug})
    else:
        print_line(texts().text("cli.workspace.removed", language(), workspace=slug))


def _plain(info: Any) -> dict[str, Any]:
    return {
        "slug": info.slug,
        "titles": dict(info.titles),
        "zone": info.zone,
        "metric_crs": info.metric_crs,
        "bounds": list(info.bounds),
        "is_synthetic": info.is_synthetic,
    }

"""The page of layers says what the declarations say."""

from __future__ import annotations

import pytest

from docs import build_layers_page
from layers import registry


def test_the_page_of_layers_is_up_to_date():
    written = build_layers_page.PAGE.read_text(encoding="utf-8")
    assert written == build_layers_page.page(), "run: python -m docs.build_layers_page"


@pytest.mark.parametrize("layer", registry.load().values(), ids=list(registry.load()))
def test_every_layer_and_all_it_declares_is_on_the_page(layer):
    text = build_layers_page.PAGE.read_text(encoding="utf-8")
    section = text.split(f"\n## {layer.id}\n", 1)[1].split("\n## ", 1)[0]
    for name in [f.name for f in layer.fields] + [m.name for m in layer.measures] + [s.id for s in layer.sources]:
        assert f"`{name}`" in section, name
    for field in layer.fields:
        for code in field.codes.good if field.codes else ():
            assert f"`{code}`" in section, code

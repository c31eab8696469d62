"""The live chart: one place that changes, nothing of it in a saved notebook, and the library only once on a page."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pandas as pd
import pytest

from okireports import charts
from okireports.charts.theme import THEMES
from okireports.widgets.chart import LiveChart

CANARY = "CANARY-OF-A-QUEUE"


def drawing(queue: str = CANARY) -> Any:
    frame = pd.DataFrame({"queue": [queue], "offered": [3]})
    return charts.draw(charts.bars("queue", "offered"), frame, title="Queues", zone="Europe/Warsaw")


def test_what_is_shown_is_the_drawing_and_one_instance_is_updated() -> None:
    live = LiveChart()
    canvas = live.canvas
    for queue in ("first", "second"):
        live.show(drawing(queue))
        assert canvas.drawn["spec"] == drawing(queue).to_dict()
        assert canvas.drawn["words"] == drawing(queue).to_dict()["description"]
    assert live.children == (canvas,)
    dark = {json.dumps(place): colour for place, colour in canvas.drawn["dark"]}
    assert dark['["config", "background"]'] == THEMES["dark"].background
    live.clear()
    assert canvas.drawn == {} and "second" not in json.dumps(canvas.get_state(), default=str)


def test_a_page_gets_nothing_but_json_and_one_message_for_each_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveChart()
    sent: list[Any] = []
    monkeypatch.setattr(live.canvas, "send_state", lambda key: sent.append(key))
    live.show(drawing())
    assert sent == ["drawn"]  # never a specification with another one's colours
    state = live.canvas.get_state(["drawn"])["drawn"]
    assert json.loads(json.dumps(state)) == json.loads(json.dumps(live.canvas.drawn))


@pytest.mark.parametrize("theme", ["page", "light", "dark"])
def test_the_theme_is_that_of_the_page_or_fixed(theme: Any) -> None:
    assert LiveChart(theme).canvas.theme == ("" if theme == "page" else theme)


def test_the_page_is_spoken_to_in_its_language() -> None:
    english, polish = LiveChart().canvas.said, LiveChart(language="pl").canvas.said
    assert english.keys() == polish.keys() and not {*english.values()} & {*polish.values()}


def test_a_saved_notebook_holds_nothing_of_it() -> None:
    live = LiveChart()
    live.show(drawing())
    for widget in (live, live.canvas):
        bundle = widget._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        assert CANARY not in json.dumps([data, repr(widget), str(widget)])
        assert data["text/plain"] == repr(widget)


def test_the_library_comes_when_it_is_asked_for_and_is_no_part_of_a_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveChart()
    live.show(drawing())
    state = json.dumps(live.canvas.get_state(), default=str)
    assert len(state) < 20_000, "each chart brings the library"
    sent: list[tuple[Any, Any]] = []
    monkeypatch.setattr(live.canvas, "send", lambda content, buffers=None: sent.append((content, buffers)))
    for nonsense in ({"kind": "else"}, "library", None, {}):
        live.canvas._handle_custom_msg(nonsense, [])
    assert not sent
    live.canvas._handle_custom_msg({"kind": "library"}, [])
    ((content, (packed,)),) = sent
    assert content == {"kind": "library"} and len(packed) < 400_000
    script = gzip.decompress(packed).decode()
    assert "window.vegaEmbed=" in script and len(script) > 500_000
    assert packed == charts.library()


def test_the_page_part_asks_for_nothing_outside() -> None:
    script = LiveChart().canvas.get_state()["_esm"]
    assert "function followed(" in script and "export default" in script
    assert "http" not in script and "import " not in script

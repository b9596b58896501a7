"""That a school's page runs nothing, leaks nothing, and can be read by everybody."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from assets.watchlists.page import page
from tests.unit import watchlist_factory as make
from tests.unit.page_reader import rendered
from tests.unit.watchlist_factory import full_list

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 7*7 }}"


# --- safe ----------------------------------------------------------------------------------------


def test_nothing_on_the_page_is_loaded_or_sent_and_no_part_of_it_runs(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    assert {"img", "link", "iframe", "form", "object"}.isdisjoint(
        element.tag for element in parsed.elements
    )
    for element in parsed.elements:
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        assert element.attributes.get("href", "#").startswith("#")
    style = parsed.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style
    (script,) = parsed.all("script")
    for way in (
        "fetch(", "XMLHttp", "WebSocket", "sendBeacon", "import(", "Worker", "eval", "innerHTML",
        "localStorage", "sessionStorage", "indexedDB", "cookie", "http", "Function(",
    ):  # fmt: skip
        assert way not in script.text, way


def test_the_policy_allows_this_style_sheet_this_script_and_nothing_else(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    policy = next(
        meta.attributes["content"]
        for meta in parsed.all("meta")
        if meta.attributes.get("http-equiv") == "Content-Security-Policy"
    )

    def digest(tag: str) -> str:
        (element,) = parsed.all(tag)
        return base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()

    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest('style')}'",
        f"script-src 'sha256-{digest('script')}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_a_name_with_markup_is_shown_as_it_is_written(tmp_path: Path) -> None:
    pupil = make.pupil(HOSTILE, HOSTILE, mentor=HOSTILE, school_class=HOSTILE)
    parsed = rendered(
        make.watchlist(
            pupil,
            school_name=HOSTILE,
            principal=HOSTILE,
            notices=(HOSTILE,),
            unreported=(make.unreported(HOSTILE, HOSTILE),),
        ),
        tmp_path,
    )
    assert len(parsed.all("script")) == 1
    assert parsed.all("img") == []
    assert parsed.pupils("pagar") == [f"{HOSTILE}, {HOSTILE}"]
    assert HOSTILE in parsed.all("h1")[0].text


def test_a_school_code_cannot_break_out_of_the_style_sheet(tmp_path: Path) -> None:
    code = '1"; } </style><i>'
    parsed = rendered(make.watchlist(school_unit_code=code), tmp_path)
    style = parsed.all("style")[0].text
    assert code in parsed.all("header")[0].text
    assert parsed.all("i") == []
    assert '1"' not in style
    assert style.count("{") == style.count("}")


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\ud800", "\uffff"])
def test_a_character_that_no_file_can_hold_is_dropped_and_the_name_kept(
    tmp_path: Path, bad: str
) -> None:
    pupil = make.pupil(f"Al{bad}va", f"{bad}Ek", mentor=f"Ma{bad}ria", school_class=f"7{bad}B")
    parsed = rendered(make.watchlist(pupil, school_name=f"Ek{bad}en"), tmp_path)
    assert parsed.pupils("pagar") == ["Ek, Alva"]
    assert bad not in parsed.all("html")[0].text


def test_a_name_of_three_hundred_signs_stands_in_full(tmp_path: Path) -> None:
    parsed = rendered(make.watchlist(make.pupil("x" * 300, "🙂../../x A/B")), tmp_path)
    assert parsed.pupils("pagar") == ["🙂../../x A/B, " + "x" * 300]


def test_a_misspelt_field_in_the_template_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(UndefinedError):
        page._environment().from_string("{{ w.pupil }}").render(w=make.watchlist())


# --- for everybody -------------------------------------------------------------------------------


def test_the_page_can_be_read_with_a_screen_reader(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    assert parsed.all("html")[0].attributes["lang"] == "sv"
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(parsed.all(landmark)) == 1, landmark
    assert len(parsed.all("caption")) == len(parsed.all("table")) > 5
    assert all(th.attributes.get("scope") in {"row", "col"} for th in parsed.all("th"))
    levels = [int(e.tag[1]) for e in parsed.elements if e.tag in {"h1", "h2", "h3", "h4"}]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_link_and_label_leads_to_something_that_is_there_once(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    ids = [e.attributes["id"] for e in parsed.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    wanted = [a.attributes["href"].removeprefix("#") for a in parsed.all("a")]
    wanted += [s.attributes["aria-labelledby"] for s in parsed.all("section")]
    assert len(wanted) > 12
    assert set(wanted) <= set(ids)


def test_what_has_a_colour_has_a_symbol_and_a_word_too(tmp_path: Path) -> None:
    compared = replace(full_list(), compared_with="2026-W45", cleared=(make.cleared(),))
    parsed = rendered(compared, tmp_path)
    kinds = [(e, e.attributes.get("class", "").split()) for e in parsed.elements]
    coloured = [e for e, kind in kinds if "badge" in kind]
    assert len(coloured) > 5
    assert all(element.text[0] in "▲?" for element in coloured)
    answers = [(e, kind) for e, kind in kinds if "q" in kind and len(kind) > 2]
    assert len(answers) > 5
    for element, _ in answers:
        assert element.text.split()[0] in {"●", "◐", "?"}
        assert len(element.text.split()) >= 2

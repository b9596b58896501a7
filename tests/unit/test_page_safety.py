"""That a school's page runs nothing, leaks nothing, and can be read by everybody."""

from __future__ import annotations

import base64
import hashlib
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


def test_nothing_on_the_page_is_loaded_run_or_sent(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    assert {"script", "img", "link", "iframe", "form", "object"}.isdisjoint(
        element.tag for element in parsed.elements
    )
    for element in parsed.elements:
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        assert element.attributes.get("href", "#").startswith("#")
    style = parsed.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_this_style_sheet_and_nothing_else(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    policy = next(
        meta.attributes["content"]
        for meta in parsed.all("meta")
        if meta.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    digest = hashlib.sha256(parsed.all("style")[0].text.encode()).digest()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(digest).decode()}'",
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
    assert parsed.all("script") == parsed.all("img") == []
    assert parsed.names("rektor") == [f"{HOSTILE}, {HOSTILE}"]
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
    assert parsed.names("rektor") == ["Ek, Alva"]
    assert bad not in parsed.all("html")[0].text


def test_a_name_of_three_hundred_signs_stands_in_full(tmp_path: Path) -> None:
    parsed = rendered(make.watchlist(make.pupil("x" * 300, "🙂../../x A/B")), tmp_path)
    assert parsed.names("rektor") == ["🙂../../x A/B, " + "x" * 300]


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


def test_a_level_is_written_out_wherever_it_has_a_colour(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    coloured = [e for e in parsed.elements if "badge" in e.attributes.get("class", "")]
    assert len(coloured) > 6
    for element in coloured:
        assert element.text[0] in "▲?", element.text
        assert len(element.text.split()) >= 2

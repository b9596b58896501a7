"""How long a school's page with 2,000 pupils, each with the year's curve, takes to open and sort.

`python -m tests.benchmarks.large_page FOLDER [PUPILS ROUNDS]`, 2,000 and 5 unless told otherwise.
Chromium at 1366 × 768. Tells milliseconds of the clock from the act to the first frame drawn after
it, the middle and the longest of the rounds; opening is told by the browser itself (first words
drawn, and everything loaded).
"""

from __future__ import annotations

from statistics import median

from playwright.sync_api import sync_playwright

from assets.watchlists.page.page import write_page
from tests.benchmarks.running import Finding, asked, tell
from tests.integration.test_page_in_browser import CHROMIUM, DESKTOP, school

_DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))"
#: What is done, and the script that does it.
_ACTS = {
    "sorted by name": "document.querySelector('#pagar > .pupils > thead th.name button').click()",
    "folds opened and sorted by absence": (
        "document.querySelectorAll('details.fold').forEach(one => one.open = true);"
        "document.querySelector('#pagar > .pupils > thead th.absence button').click()"
    ),
    "sought by a part of a name": (
        "const box = document.querySelector('#sok-namn'); box.value = 'elev001';"
        "box.dispatchEvent(new Event('input', {bubbles: true}))"
    ),
    "a row opened": (
        "const box = document.querySelector('#sok-namn'); box.value = '';"
        "box.dispatchEvent(new Event('input', {bubbles: true}));"
        "document.querySelector('tbody.pupil summary').click()"
    ),
}
_OPENED = (
    "() => [performance.getEntriesByName('first-contentful-paint')[0].startTime,"
    " performance.getEntriesByType('navigation')[0].loadEventEnd]"
)
_KNOWN = (
    "async () => { while (!performance.getEntriesByName('first-contentful-paint').length"
    " || !performance.getEntriesByType('navigation')[0].loadEventEnd)"
    " await new Promise(done => setTimeout(done, 20)); }"
)


def main() -> None:
    """Open, sort and search a page."""
    folder, (pupils, rounds) = asked(2_000, 5)
    found: dict[str, list[float]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = folder / "list.html"
        write_page(school(pupils), path)
        tell(Finding(f"a page of {pupils:,} pupils", f"{path.stat().st_size / 1e6:.1f} MB"))
        width, height = DESKTOP
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(rounds):
            tab = browser.new_page(viewport={"width": width, "height": height})
            tab.goto(path.as_uri())
            # On a busy machine the browser knows it some moments after the page is there.
            tab.evaluate(_KNOWN)
            first, loaded = tab.evaluate(_OPENED)
            found.setdefault("opened: first words", []).append(first)
            found.setdefault("opened: all of it", []).append(loaded)
            for name, act in _ACTS.items():
                taken = tab.evaluate(
                    f"async () => {{ const begin = performance.now(); {act};"
                    f" await ({_DRAWN})(); return performance.now() - begin; }}"
                )
                found.setdefault(name, []).append(taken)
            tab.close()
        browser.close()
    for name, times in found.items():
        tell(Finding(name, f"{median(times):.0f} ms, at most {max(times):.0f} ms"))


if __name__ == "__main__":
    main()

"""The report in a real browser: what its reader sees, points at and plays. Without a browser these are skipped."""

import csv

import pytest

from tests.helpers import wait_until
from tests.report.conftest import opener

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright; pip install '.[browser]'")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe; pip install '.[browser]'")

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1200, "height": 900}


@pytest.fixture
def open_page(browser):
    """Return what opens a report, and fails the test for any message of the console and any request elsewhere."""
    with opener(browser, lambda url: not url.startswith(("http:", "https:"))) as opened:
        yield lambda report, viewport=DESK, scheme="light", **options: opened(
            report.page, viewport=viewport, color_scheme=scheme, **options
        )


@pytest.fixture(params=["run_report", "study_report", "sweep_report"])
def report(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["run_report", "study_report"])
def filmed_report(request):
    return request.getfixturevalue(request.param)


def values_of(page, chart="#curve"):
    return [" ".join(text.split()) for text in page.locator(f"{chart} .legend li").all_inner_texts()]


def test_the_page_opens_within_a_second(open_page, report):
    """It finds a page whose scripts or layout take long; the second is one of CPU time, of the page's main thread."""
    page = open_page(report)
    browser = page.context.new_cdp_session(page)
    browser.send("Performance.enable")
    page.reload()
    measured = {entry["name"]: entry["value"] for entry in browser.send("Performance.getMetrics")["metrics"]}
    assert 0 < measured["ThreadTime"] < 1


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_is_wider_than_the_screen(open_page, report, viewport):
    page = open_page(report, viewport)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


def test_light_and_dark_follow_the_reader(open_page, report):
    colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    light, dark = (open_page(report, scheme=scheme).evaluate(colours) for scheme in ("light", "dark"))
    assert brightness(light[0]) > 0.9 > 0.2 > brightness(light[1])
    assert brightness(dark[0]) < 0.1 < 0.8 < brightness(dark[1])


def brightness(colour):
    red, green, blue = (int(part) for part in colour[4:-1].split(","))
    return (red + green + blue) / 3 / 255


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_serious(open_page, report, scheme, viewport):
    page = open_page(report, viewport, scheme)
    page.locator("summary").click()
    found = axe.Axe().run(page, options={"iframes": False}).response["violations"]  # in which it may send no message
    found += [item for frame in page.frames[1:] for item in axe.Axe().run(frame).response["violations"]]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found if item["id"] != "page-has-heading-one"] == []
    assert page.locator("h1").count() == 1


def test_the_film_plays(open_page, filmed_report):
    page = open_page(filmed_report)
    page.locator("video").evaluate("video => video.play()")
    wait_until(lambda: page.locator("video").evaluate("video => video.currentTime") >= 0.1, "the film played")
    assert page.locator("video").evaluate("video => video.error") is None
    assert page.locator("video").evaluate("video => video.videoWidth") > 0


def test_the_pointer_shows_the_metrics_below_it(open_page, run_report):
    page = open_page(run_report)
    with (run_report.subject / "metrics.csv").open(newline="") as file:
        row = list(csv.DictReader(file))[12]  # of 30 iterations
    page.locator("#curve .plot").hover(position=place(page, 12 / 30))
    where, greedy, mean, *_ = values_of(page)
    assert where == "iteration 12"
    assert greedy.endswith(", at 10")
    assert mean.endswith(f"{float(row['collect_return_mean']):.4g}")
    assert page.locator("#curve .cursor").is_visible()
    page.mouse.move(1, 1)
    assert values_of(page)[0] == "iteration 30"
    assert not page.locator("#curve .cursor").is_visible()


def place(page, share):
    box = page.locator("#curve .plot").bounding_box()
    return {"x": box["width"] * share, "y": box["height"] / 2}


def test_a_finger_shows_them_too(open_page, run_report):
    page = open_page(run_report, PHONE, has_touch=True)
    page.locator("#curve .plot").tap(position=place(page, 0.2))
    assert values_of(page)[0] == "iteration 6"


def test_the_keyboard_goes_from_value_to_value(open_page, report):
    page = open_page(report)
    plot = page.locator("#curve .plot")
    for _ in range(20):
        page.keyboard.press("Tab")
        if plot.evaluate("plot => plot === document.activeElement"):
            break
    else:
        pytest.fail("the Tab key does not reach the chart")
    last = int(plot.get_attribute("aria-valuemax"))
    for key, value in (("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("End", last), ("ArrowLeft", last - 1)):
        page.keyboard.press(key)
        assert plot.get_attribute("aria-valuenow") == str(value)
    said, shown = plot.get_attribute("aria-valuetext"), values_of(page)
    assert said.startswith(f"{shown[0]}; ")
    assert shown[1].split()[-1] in said


def test_without_scripts_the_page_is_there(open_page, report):
    page = open_page(report, java_script_enabled=False)
    assert page.locator("#curve svg path").count() > 5
    assert page.locator("#curve [tabindex]").count() == 0


def test_the_config_can_be_saved(open_page, run_report):
    page = open_page(run_report)
    page.locator("summary").click()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save as config.yaml").click()
    assert saving.value.suggested_filename == "config.yaml"
    assert "env_name: CartPole-v0" in saving.value.path().read_text()


def column(page, number):
    return page.locator(f".sortable tbody tr > :nth-child({number})").all_inner_texts()


def test_the_table_of_a_sweep_is_sorted_by_its_heads(open_page, sweep_report):
    page = open_page(sweep_report)
    by_rank, rates = column(page, 1), [f"0.00{number}" for number in range(1, 10)]
    assert by_rank == [*map(str, range(1, 10)), "–"]
    page.get_by_role("button", name="learning_rate").click()
    assert column(page, 2) == [*rates, "0.01"]
    page.get_by_role("button", name="learning_rate").click()
    assert column(page, 2) == ["0.01", *rates[::-1]]
    for key, ranks in (("Enter", by_rank), (" ", [*by_rank[-2::-1], "–"])):  # the best first; what has none is last
        page.get_by_role("button", name="final return").press(key)
        assert column(page, 1) == ranks
    sorted_by = page.locator(".sortable th[aria-sort]")
    assert (sorted_by.inner_text(), sorted_by.get_attribute("aria-sort")) == ("final return", "ascending")
    page.get_by_role("button", name="notes").click()
    assert (column(page, 1)[0], column(page, 1)[1:]) == ("–", by_rank[:-1])  # the only one with a note, then by rank


def test_without_scripts_the_table_of_a_sweep_is_the_ranking(open_page, sweep_report):
    page = open_page(sweep_report, java_script_enabled=False)
    assert column(page, 1) == [*map(str, range(1, 10)), "–"]
    assert page.locator(".sortable button").count() == 0


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_policy_can_be_played_with_in_the_page(open_page, filmed_report, viewport):
    page = open_page(filmed_report, viewport)
    frame = page.frame_locator("iframe")
    assert (frame.locator("#pause").inner_text(), frame.locator("#steps").inner_text()) == ("Play", "0")
    assert frame.locator("h1").count() == 0
    frame.locator("#pause").click()
    wait_until(lambda: int(frame.locator("#steps").inner_text()) > 2, "steps", 20)
    inner = page.frames[1]
    assert inner.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert inner.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert inner.evaluate("self.origin") == "null"  # it reaches nothing of the report

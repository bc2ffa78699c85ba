#!/usr/bin/python3
"""report.html in a real browser, without a screen: what a person clicks, types and sees.

usage: report.py PROGRAM SOURCE_FOLDER [--pictures FOLDER]

Needs Debian's chromium, chromium-driver and python3-selenium; skipped with a message where they are missing.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from command_line import PROGRAM, SOURCE  # noqa: E402
from tensors import write_safetensors  # noqa: E402

PICTURES = pathlib.Path(sys.argv[sys.argv.index("--pictures") + 1]) if "--pictures" in sys.argv else None

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    webdriver = None


def browser(width, height, dark=False):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--hide-scrollbars",
                     *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else [])):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options)
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    return driver


class Page(unittest.TestCase):
    width, height = 1280, 800

    @classmethod
    def setUpClass(cls):
        if webdriver is None or not shutil.which("chromedriver"):
            raise unittest.SkipTest("no browser (Debian: chromium, chromium-driver, python3-selenium)")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="yoneda-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.study = cls.make_study()
        cls.driver = browser(cls.width, cls.height)
        cls.addClassCleanup(cls.driver.quit)

    @classmethod
    def make_study(cls):
        study = cls.folder / "demo"
        subprocess.run([PROGRAM, "demo", "-o", str(study)], check=True, capture_output=True)
        beliefs = SOURCE / "examples" / "beliefs.toml"
        subprocess.run([PROGRAM, "check", str(study), "--diagram", str(beliefs)], check=True, capture_output=True)
        subprocess.run([PROGRAM, "report", str(study)], check=True, capture_output=True)
        return study

    def setUp(self):
        self.open("")

    def open(self, place):
        self.driver.get("about:blank")
        self.driver.get(f"file://{self.study}/report.html{place}")
        WebDriverWait(self.driver, 20).until(lambda driver: driver.execute_script("return document.documentElement.dataset.ready"))
        self.settle()

    def settle(self):
        time.sleep(0.6)  # the map's movement takes 350 ms

    def tearDown(self):
        complaints = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        self.assertEqual(complaints, [])

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).text

    def place(self):
        return self.driver.execute_script("return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()
        self.settle()

    def picture(self, name):
        if PICTURES:
            PICTURES.mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(PICTURES / f"{name}-{self.width}.png"))

    def inked(self):
        """The share of the map's pixels that are not blank."""
        return self.driver.execute_script(
            "const c = document.getElementById('atlas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n / (d.length / 4)")

    def screen_of(self, feature):
        box = self.driver.execute_script("const b = document.getElementById('atlas').getBoundingClientRect(); return [b.left, b.top]")
        x, y = self.driver.execute_script(
            "const s = window.yoneda.atlas; return s.screen(arguments[0])", feature)
        return box[0] + x, box[1] + y

    def no_wider_than_the_window(self):
        self.assertLessEqual(self.driver.execute_script("return document.documentElement.scrollWidth"), self.width)


class Desk(Page):
    def test_the_map_is_drawn(self):
        self.assertIn("2,048 features", self.text("#subtitle"))
        self.assertGreater(self.inked(), 0.02)
        self.picture("map")

    def test_a_feature_is_chosen_by_a_click(self):
        stored = json.loads((self.study / "categories.json").read_text())
        x, y = self.screen_of(438)
        ActionChains(self.driver).move_by_offset(0, 0).perform()
        self.driver.execute_script(
            "for (const kind of ['pointerdown', 'pointerup']) document.getElementById('atlas').dispatchEvent("
            "new PointerEvent(kind, {clientX: arguments[0], clientY: arguments[1], bubbles: true}))", x, y)
        self.settle()
        self.assertEqual(self.place()["feature"], "438")
        self.assertIn("#438 romeo", self.text("#card h2"))
        self.assertIn(str(stored["labels"][438]), self.text("#card p.small"))
        self.assertIn("romeo", self.text("#card .bars.positive"))
        self.assertIn("closer", self.text("#card .bars.negative"))
        self.assertGreater(len(self.all("#card svg .bin")), 20)
        self.assertIn("does not commute", self.text("#card figure"))
        self.assertIn("q of it", self.text("#card .facts"))
        self.assertIn("438", self.driver.execute_script("return document.getElementById('spoken').textContent"))
        self.picture("feature")

    def test_addresses_lead_to_what_they_name(self):
        self.open("#feature=123")
        self.assertIn("#123", self.text("#card h2"))
        self.open("#category=7&view=categories")
        self.assertIn("Category 7", self.text("#card h2"))
        self.assertTrue(self.one("#categories").is_displayed())
        self.open("#search=deer")
        self.assertIn("deer", self.text("#card h2"))
        self.open("#feature=99999&category=x&view=nowhere")
        self.assertFalse(self.one("#card").is_displayed())
        self.assertTrue(self.one("#map").is_displayed())

    def test_a_category_tells_its_words_its_opposite_and_its_neighbours(self):
        entry = json.loads((self.study / "categories.json").read_text())["categories"][7]
        self.open("#category=7")
        card = self.text("#card")
        for word in entry["raised"][:5] + entry["lowered"][:5]:
            self.assertIn(word["text"], card)
        self.assertIn("Opposite", card)
        other = entry["opposite"]["category"]
        self.driver.execute_script("document.querySelector(`#card a[href*='category=${arguments[0]}']`).click()", other)
        self.settle()
        self.assertIn(f"Category {other}", self.text("#card h2"))
        self.picture("category")

    def test_search_finds_tokens_features_and_categories(self):
        self.press("/")
        self.press("soccer")
        found = [line.text for line in self.all("#found li")]
        self.assertIn("token soccer", found)
        self.assertTrue(any(line.startswith("category") for line in found), found)
        self.press(Keys.ENTER)
        self.assertEqual(self.place()["search"], "soccer")
        self.assertIn("raised by", self.text("#card"))
        self.press("/")
        self.press("#17")
        self.press(Keys.ARROW_DOWN, Keys.ENTER)
        self.assertEqual(self.place()["feature"], "17")
        self.press("/")
        self.press("qqqqq")
        self.assertIn("nothing", self.text("#found"))

    def test_keys(self):
        self.open("#feature=5")
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.place()["feature"], "6")
        self.press("3")
        self.assertEqual(self.place()["view"], "diagrams")
        self.press(Keys.ESCAPE)
        self.assertFalse(self.one("#card").is_displayed())
        self.press("1")
        before = self.driver.execute_script("return window.yoneda.atlas.transform.k")
        self.press("+")
        self.assertGreater(self.driver.execute_script("return window.yoneda.atlas.transform.k"), before)
        self.press("0")
        self.assertAlmostEqual(self.driver.execute_script("return window.yoneda.atlas.transform.k"), 1, 6)
        self.press("l")
        self.assertEqual(self.one("#lasso").get_attribute("aria-pressed"), "true")
        self.press(Keys.ESCAPE)
        self.assertEqual(self.one("#lasso").get_attribute("aria-pressed"), "false")

    def test_the_wheel_zooms_and_a_drag_pans(self):
        atlas = self.one("#atlas")
        before = self.screen_of(7)
        ActionChains(self.driver).click_and_hold(atlas).move_by_offset(80, 40).release().perform()
        self.settle()
        after = self.screen_of(7)
        self.assertAlmostEqual(after[0] - before[0], 80, delta=2)
        self.assertAlmostEqual(after[1] - before[1], 40, delta=2)
        self.assertFalse(self.one("#card").is_displayed(), "a drag is no click")
        self.driver.execute_script("document.getElementById('atlas').dispatchEvent(new WheelEvent('wheel', {deltaY: -400, clientX: 500, clientY: 400, bubbles: true, cancelable: true}))")
        self.settle()
        self.assertGreater(self.driver.execute_script("return window.yoneda.atlas.transform.k"), 1.2)

    def test_a_lasso_selects_what_it_encloses(self):
        self.one("#lasso").click()
        atlas = self.one("#atlas")
        ActionChains(self.driver).move_to_element_with_offset(atlas, -150, -120).click_and_hold().move_by_offset(300, 0).move_by_offset(0, 240).move_by_offset(-300, 0).release().perform()
        self.settle()
        box = self.driver.execute_script("const b = document.getElementById('atlas').getBoundingClientRect(); return [b.width, b.height]")
        self.assertIn("features selected", self.text("#card h2"))
        count = int(self.text("#card h2").split()[0].replace(",", ""))
        self.assertGreater(count, 10)
        self.assertLess(count, 2048)
        self.assertIn("often raised", self.text("#card"))
        self.picture("lasso")

    def test_hovering_names_a_feature(self):
        x, y = self.screen_of(438)
        self.driver.execute_script(
            "document.getElementById('atlas').dispatchEvent(new PointerEvent('pointermove', {clientX: arguments[0], clientY: arguments[1], bubbles: true}))", x, y)
        self.assertIn("#438", self.text("#hover"))
        self.assertIn("romeo", self.text("#hover"))

    def test_colours_and_edges_can_be_chosen(self):
        def pixels():
            time.sleep(0.3)
            return self.driver.execute_script("return document.getElementById('atlas').toDataURL()")
        before = pixels()
        self.driver.execute_script("const s = document.getElementById('colour-by'); s.value = 'frustration'; s.dispatchEvent(new Event('change'))")
        coloured = pixels()
        self.assertNotEqual(before, coloured)
        self.assertTrue(self.one("#scale").is_displayed())
        self.one("#show-negative").click()
        self.assertNotEqual(coloured, pixels())

    def test_categories_can_be_sorted_and_opened(self):
        self.open("#view=categories")
        self.assertEqual(len(self.all("#categories tbody tr")), 45)
        self.driver.execute_script("[...document.querySelectorAll('#categories th button')].find((b) => b.textContent.startsWith('cohesion')).click()")
        cohesion = [row.find_elements(By.TAG_NAME, "td")[5].text for row in self.all("#categories tbody tr")]
        values = [float(value.replace("−", "-")) for value in cohesion]
        self.assertEqual(values, sorted(values, reverse=True))
        self.assertGreater(len(self.all("#categories svg circle")), 30)
        self.picture("categories")
        self.driver.execute_script("document.querySelector('#categories tbody tr').click()")
        self.settle()
        self.assertIn("Category", self.text("#card h2"))

    def test_diagrams_are_drawn(self):
        check = json.loads((self.study / "check.json").read_text())
        self.open("#view=diagrams")
        page = self.text("#diagrams")
        self.assertIn("what raises kings raises queens", page)
        self.assertIn("underpowered", page)
        self.assertIn("does not commute", page)
        for feature in check["balance"]["certificate"]:
            self.assertIn(f"#{feature}", page)
        drawn = self.all("#diagrams figure")
        self.assertEqual(len(drawn), min(9, len(check["failures"])))
        self.assertIn("king", page)
        self.picture("diagrams")

    def test_every_headline_number_is_beside_its_null(self):
        check = json.loads((self.study / "check.json").read_text())
        self.open("#view=nulls")
        titles = [title.text.lower() for title in self.all("#nulls .panel h3")]
        for test in check["tests"]:
            self.assertIn(test["statistic"].lower(), titles)
        for relation in check["diagrams"]["relations"]:
            self.assertIn(relation["name"].lower(), titles)
        self.assertEqual(len(self.all("#nulls .panel svg .observed")), len(titles))
        self.assertIn("forced", self.text("#nulls"))
        self.picture("nulls")

    def test_about_tells_how_it_was_made(self):
        self.open("#view=about")
        page = self.text("#about")
        self.assertIn("yoneda demo", page)
        self.assertIn("Mike Bostock", page)
        self.picture("about")

    def test_dark_and_light(self):
        ground = "return getComputedStyle(document.body).backgroundColor"
        before = self.driver.execute_script(ground)
        self.one("#theme").click()
        self.settle()
        self.assertNotEqual(before, self.driver.execute_script(ground))
        self.picture("dark")

    def test_controls_have_names(self):
        nameless = self.driver.execute_script(
            "return [...document.querySelectorAll('button, input, select, a, canvas, svg[role=img], [role=listbox]')].filter((e) =>"
            "!(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length) || e.getAttribute('aria-hidden'))).map((e) => e.outerHTML)")
        self.assertEqual(nameless, [])
        self.assertEqual(self.one("html").get_attribute("lang"), "en")
        selected = [tab.get_attribute("id") for tab in self.all("[role=tab]") if tab.get_attribute("aria-selected") == "true"]
        self.assertEqual(selected, ["tab-map"])

    def test_print_leaves_the_controls_out(self):
        self.open("#feature=438")
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            self.assertFalse(self.one("nav").is_displayed())
            self.assertTrue(self.one("#card").is_displayed())
            self.picture("print")
        finally:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    def test_nothing_is_asked_of_a_network(self):
        self.assertEqual(self.driver.execute_script("return performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:') && !e.name.startsWith('blob:')).map((e) => e.name)"), [])

    def test_it_fits_the_window(self):
        for view in ("map", "categories", "diagrams", "nulls", "about"):
            self.open(f"#view={view}&feature=438")
            self.no_wider_than_the_window()


class Phone(Page):
    width, height = 390, 844

    def test_every_view_fits(self):
        for view in ("map", "categories", "diagrams", "nulls", "about"):
            self.open(f"#view={view}")
            self.no_wider_than_the_window()
            self.picture(view)

    def test_a_feature_is_read_below_the_map(self):
        self.open("#feature=438")
        self.no_wider_than_the_window()
        self.assertIn("romeo", self.text("#card"))
        top = self.driver.execute_script("return document.getElementById('card').getBoundingClientRect().top")
        self.assertLess(top, self.height)
        self.picture("feature")


class Hostile(Page):
    words = ["</script><script>window.taken = 1</script>", "<img src=x onerror='window.taken=1'>", "<svg onload=window.taken=1>", "\" onmouseover=\"window.taken=1",
             "javascript:window.taken=1", "&lt;b&gt;", "<b>bold</b>"] + [f"w{i}" for i in range(13)]

    @classmethod
    def make_study(cls):
        rows = lambda count: numpy.random.default_rng(count).normal(size=(count, 8)).astype("float32")
        write_safetensors(cls.folder / "sae.safetensors", {"W_dec": rows(24)})
        write_safetensors(cls.folder / "model.safetensors", {"W_U": rows(len(cls.words))})
        (cls.folder / "words.json").write_text(json.dumps(cls.words))
        study = cls.folder / "study"
        subprocess.run([PROGRAM, "run", "--sae", cls.folder / "sae.safetensors", "--model", cls.folder / "model.safetensors", "--unembedding", "W_U",
                        "--vocabulary", cls.folder / "words.json", "-k", "8", "--neighbors", "4", "--samples", "9", "--count", "3", "-o", study], check=True, capture_output=True)
        return study

    def test_a_token_is_only_ever_text(self):
        for place in ("", "#view=categories", "#view=diagrams", "#view=nulls", "#category=1", "#search=" + "%3Cimg%20src%3Dx%20onerror%3D%27window.taken%3D1%27%3E",
                      *(f"#feature={f}" for f in range(24))):
            self.open(place)
            self.assertIsNone(self.driver.execute_script("return window.taken === undefined ? null : window.taken"))
            self.assertEqual(self.all("img, b > b, svg[onload]"), [])
        self.open("#feature=0")
        shown = self.driver.execute_script("return document.getElementById('card').textContent")
        self.assertTrue(any(word in shown for word in self.words[:7]), shown)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)

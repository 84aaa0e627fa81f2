"""A report's page, read as the HTML that it is."""

import json
import re
from html.parser import HTMLParser

LOADS = ("src", "href", "data", "srcset", "poster", "action", "background", "xlink:href")


class Page(HTMLParser):
    """The page's tags and texts: ``tags`` are (name, attributes), ``text`` is what a reader sees."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.tags, self.texts, self.hidden = [], [], 0
        self.feed(self.source)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.hidden += tag in ("style", "script", "title")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script", "title")

    def handle_data(self, data):
        if not self.hidden:
            self.texts.append(data)

    def attribute(self, tag, name):
        return [attributes[name] for other, attributes in self.tags if other == tag and name in attributes]

    def stops(self, figure):
        """Return the values under the pointer: the chart's places by their label."""
        (chart,) = [attributes for tag, attributes in self.tags if tag == "figure" and attributes["id"] == figure]
        return {label: values for _, label, values, _ in json.loads(chart["data-stops"])}

    def table(self, marker):
        """Return the rows of the table whose tag has the class ``marker``: each the texts of its cells."""
        body = self.source.split(f'<table class="{marker}"')[1].split("</table>")[0].split("<tbody>")[1]
        return [[cell.rpartition(">")[2] for cell in re.split("</t[hd]>", row)[:-1]] for row in body.split("<tr>")[1:]]

    def assert_self_contained(self):
        """Check that nothing outside the file is loaded."""
        for tag, attributes in self.tags:
            assert tag not in ("link", "object", "embed", "base", "img")
            assert tag != "iframe" or set(attributes) == {"sandbox", "title", "srcdoc"}
            for name in LOADS:
                assert attributes.get(name, "data:").startswith("data:"), (tag, name)
        assert "url(" not in self.source
        assert "@import" not in self.source
        assert "default-src 'none'" in self.attribute("meta", "content")[0]

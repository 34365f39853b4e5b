"""Pages that need nothing from elsewhere."""

from xml.etree.ElementTree import fromstring

from benchmarks.page import add, page, table, written


def test_a_page_is_valid_and_whole() -> None:
    """HTML and XML at once, with its title and style inside."""
    whole, body = page("A title")
    add(body, "p", "text <b> & more")
    doctype, _, tree = written(whole).partition("\n")

    assert doctype == "<!DOCTYPE html>"
    read = fromstring(tree)
    assert [title.text for title in read.iter("title")] == ["A title"]
    assert [p.text for p in read.iter("p")] == ["text <b> & more"]


def test_what_no_page_can_hold_is_replaced() -> None:
    """In texts and in attributes."""
    whole, body = page("A\x00title")
    add(body, "p", "a\ud800b\nc").set("class", "x\x1by")
    read = fromstring(written(whole).partition("\n")[2])

    assert [p.text for p in read.iter("p")] == ["a\ufffdb\nc"]
    assert [p.get("class") for p in read.iter("p")] == ["x\ufffdy"]


def test_a_table_has_its_headings_and_no_empty_cells() -> None:
    """An element with nothing in it would close itself, which browsers take for open."""
    whole, body = page("t")
    lines = table(body, ("a", ""))
    add(lines, "td", "")

    assert [cell.text for cell in whole.iter("th")] == ["a", "\u2013"]
    assert [cell.text for cell in whole.iter("td")] == ["\u2013"]

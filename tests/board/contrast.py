"""The contrast of the texts of a page, as a browser shows them."""

from __future__ import annotations

from playwright.sync_api import Page

_SCRIPT = """() => {
  const parts = said => {
    const numbers = said.match(/[\\d.]+/g).map(Number), whole = said.startsWith('color(') ? 255 : 1;
    return [...numbers.slice(0, 3).map(one => one * whole), numbers[3] ?? 1];
  };
  const over = (top, share, below) => top.slice(0, 3).map((one, place) => one * share + below[place] * (1 - share));
  const light = color => {
    const [r, g, b] = color.map(one => one / 255)
      .map(one => one <= .03928 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  const paper = parts(getComputedStyle(document.body).backgroundColor), found = {};
  for (const one of document.querySelectorAll('body *:not(svg *)')) {
    const box = one.getBoundingClientRect();
    if (box.width < 2 || ![...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
    const style = getComputedStyle(one), ink = parts(style.color);
    let share = ink[3], below = null;
    for (let around = one; around; around = around.parentElement) {
      const ground = parts(getComputedStyle(around).backgroundColor);
      share *= Number(getComputedStyle(around).opacity);
      below ??= ground[3] ? over(ground, ground[3], paper) : null;
    }
    const [a, b] = [light(over(ink, share, below ?? paper)), light(below ?? paper)].sort();
    if (b / a < 4.5) found[`${one.tagName} ${one.className} ${(b / a).toFixed(2)}`] = one.textContent.slice(0, 30);
  }
  return found;
}"""


def too_pale(page: Page) -> dict[str, str]:
    """The texts whose contrast is below 4.5, the bound of WCAG 2.1 AA, by element and contrast."""
    found: dict[str, str] = page.evaluate(_SCRIPT)
    return found

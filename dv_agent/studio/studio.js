// Live parts of the studio. Without this script every form and link works too, with a reload of the page.
"use strict";

const busy = (element) => element && /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || busy(document.activeElement)) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = rel && !event.target.closest(".scroll") && document.querySelector(`a[rel=${rel}]`);
  if (link) { event.preventDefault(); link.click(); }
});

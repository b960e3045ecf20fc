// Live parts of the studio. Without this script every form and link works too, with a reload of the page.
"use strict";

let events = null;
const typing = (element) => element && /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);

// Takes a page that the server rendered and puts its main part in place of ours; what was open stays open.
function swap(html, address) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const [old, main] = [document.querySelector("main"), fresh.querySelector("main")];
  if (!main) { location.assign(address); return; }
  const focus = document.activeElement && document.activeElement.id;
  const scrolls = [...old.querySelectorAll(".left, .right, [data-keep-scroll]")].map((one) => [one.scrollTop, one.scrollLeft]);
  for (const one of old.querySelectorAll("details[id]")) {
    const same = main.querySelector(`#${CSS.escape(one.id)}`);
    if (same && (one.open || one.dataset.keep === "both")) same.open = one.open;
  }
  old.replaceWith(document.adoptNode(main));
  document.title = fresh.title;
  const crumbs = fresh.querySelector(".crumbs");
  if (crumbs) document.querySelector(".crumbs").replaceWith(document.adoptNode(crumbs));
  main.querySelectorAll(".left, .right, [data-keep-scroll]").forEach((one, place) => {
    if (scrolls[place]) [one.scrollTop, one.scrollLeft] = scrolls[place];
  });
  if (focus && document.getElementById(focus)) document.getElementById(focus).focus({ preventScroll: true });
  const ask = document.getElementById("ask");
  if (ask) ask.querySelector("button").focus();
  history.replaceState(null, "", address);
  watch();
}

function complain(html) {
  const words = new DOMParser().parseFromString(html, "text/html").querySelector("#problem");
  const main = document.querySelector("main");
  main.querySelectorAll("#problem, .said-so").forEach((one) => one.remove());
  if (!words) return false;
  main.prepend(document.adoptNode(words));
  words.scrollIntoView({ block: "nearest" });
  return true;
}

async function load(address, options) {
  document.body.classList.add("loading");
  try {
    const answer = await fetch(address, { credentials: "same-origin", ...options });
    const html = await answer.text();
    if (answer.ok || !complain(html)) swap(html, answer.url);
  } catch {
    complain('<p id="problem" class="problem slim" role="alert">The studio does not answer. Is it still running in its terminal? What was sent so far is kept.</p>');
  } finally {
    document.body.classList.remove("loading");
  }
}

function submit(form, button) {
  const data = new URLSearchParams(new FormData(form));
  if ((button && button.hasAttribute("formmethod") ? button.formMethod : form.method) === "get") return load(`${form.getAttribute("action")}?${data}`);
  return load(form.getAttribute("action"), { method: "POST", body: data });
}

function watch() {
  const job = document.getElementById("job");
  if (events) { events.close(); events = null; }
  if (!job) return;
  events = new EventSource(job.dataset.events);
  events.addEventListener("step", (event) => {
    const step = JSON.parse(event.data);
    job.querySelector(".job-words").textContent = step.words;
    job.querySelector(".job-won").textContent = step.new ? `+${step.new}` : "";
    const bar = job.querySelector("progress");
    if (step.total) { bar.max = step.total; bar.value = step.done; } else bar.removeAttribute("value");
  });
  events.addEventListener("over", () => { events.close(); events = null; load(location.pathname.endsWith("/ab") ? location.href : location.pathname); });
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-live]")) return;
  event.preventDefault();
  submit(event.target, event.submitter);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-auto]")) event.target.form.requestSubmit();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap], svg a[data-node]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  load(link.getAttribute("href"));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  if (event.altKey || event.ctrlKey || event.metaKey || typing(document.activeElement)) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = rel && !event.target.closest(".scroll") && document.querySelector(`a[rel=${rel}]`);
  if (link) { event.preventDefault(); link.click(); }
});
document.documentElement.classList.add("script");
// This file is read before the page is: what somebody clicks while the rest is still loading is not lost.
document.addEventListener("DOMContentLoaded", watch);

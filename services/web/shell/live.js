// Elements with data-live="address" show a state of the box. When something
// changes they are fetched again as the box writes them, in its words and in
// the owner's language, and what differs is exchanged.
import { localTimes } from "./times.js";

const EVERY_MS = 900;

export function keepLive() {
  const shown = new Map(); // element id → markup as the box wrote it last
  let due = false;
  let running = false;
  let last = Date.now(); // the page itself is fresh

  const all = () => document.querySelectorAll("[data-live]:not([data-live=''])");
  for (const element of all()) {
    shown.set(element.id, element.outerHTML);
    for (const keyed of element.querySelectorAll("[data-key]")) written.set(keyed, keyed.outerHTML);
  }

  // changed asks for a refresh of what an event is about: soon, or, for the
  // kind "now", at once.
  function changed(event) {
    const about = [...all()].some((element) => concerns(element, event));
    if (about && !due) {
      due = true;
      const wait = event.kind === "now" ? 0 : last + EVERY_MS - Date.now();
      setTimeout(refresh, Math.max(0, wait));
    }
  }

  async function refresh() {
    if (document.hidden || running) {
      due = false;
      if (running) setTimeout(() => changed({ kind: "reset" }), EVERY_MS);
      return;
    }
    running = true;
    due = false;
    last = Date.now();
    const addresses = new Set([...all()].map((element) => element.dataset.live));
    for (const address of addresses) await exchange(address);
    running = false;
  }

  async function exchange(address) {
    let answer;
    try {
      answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
    } catch {
      return; // the box does not answer; the stream says when it does again
    }
    if (answer.redirected && new URL(answer.url).pathname.endsWith("/login")) {
      location.assign(`${document.body.dataset.base}/login?next=${encodeURIComponent(location.pathname + location.search)}`);
      return;
    }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const element of [...all()].filter((e) => e.dataset.live === address)) {
      const next = fresh.getElementById(element.id);
      if (!next) {
        location.reload(); // the page has another shape by now
        return;
      }
      const same = shown.get(element.id) === next.outerHTML && element.childElementCount === next.childElementCount;
      if (same) continue;
      shown.set(element.id, next.outerHTML);
      settle(element, next);
      element.dispatchEvent(new CustomEvent("coffer:live", { bubbles: true }));
    }
  }

  return { changed };
}

function concerns(element, event) {
  const only = element.dataset.liveSource;
  return !only || !event.source || only === event.source;
}

// written is how the box wrote an element with a key, before this page touched
// it.
const written = new WeakMap();

// settle makes element's children those of next. Elements with a key that the
// box writes as before stay, with what was opened or typed in them.
function settle(element, next) {
  const focus = element.contains(document.activeElement) ? path(document.activeElement, element) : null;
  const fresh = document.importNode(next, true);
  for (const [keyed, markup] of [...fresh.querySelectorAll("[data-key]")].map((e) => [e, e.outerHTML])) {
    if (!fresh.contains(keyed)) continue; // within one that stayed
    const before = element.querySelector(`[data-key="${CSS.escape(keyed.dataset.key)}"]`);
    if (before && written.get(before) === markup) keyed.replaceWith(before);
    else written.set(keyed, markup);
  }
  localTimes(fresh);
  element.replaceChildren(...fresh.childNodes);
  if (focus) element.querySelector(focus)?.focus({ preventScroll: true });
}

// path finds a focused link or button again after its row was exchanged.
function path(focused, root) {
  const row = focused.closest("[data-key]");
  if (!row || !root.contains(row)) return null;
  const kind = focused.matches("a") ? "a" : focused.matches("button") ? "button" : "";
  return kind && `[data-key="${CSS.escape(row.dataset.key)}"] ${kind}`;
}

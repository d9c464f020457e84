// Follows the log while the page can be seen: asks for what came after the
// last line, and puts it at the end as the box writes it.
import { localTimes } from "./times.js";

const EVERY_MS = 2000;
const MOST_LINES = 2000;

const list = document.getElementById("lines");
const box = document.getElementById("follow");
const from = document.getElementById("more").dataset.from;
let next = list.dataset.next;
let timer = 0;

async function more() {
  clearTimeout(timer);
  if (!box.checked || document.hidden) return;
  const address = new URL(from, location.href);
  address.searchParams.set("after", next);
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.redirected) {
      location.reload(); // signed out: the box says where to go
      return;
    }
    if (answer.status === 204) next = answer.headers.get("Coffer-Next") || next;
    else if (answer.ok) add(await answer.text());
  } catch {
    // The box does not answer; it is asked again.
  }
  clearTimeout(timer);
  timer = setTimeout(more, EVERY_MS);
}

function add(markup) {
  const fresh = new DOMParser().parseFromString(markup, "text/html").getElementById("lines");
  if (!fresh) return;
  next = fresh.dataset.next;
  const lines = document.importNode(fresh, true);
  localTimes(lines);
  list.append(...lines.children);
  document.getElementById("none")?.remove();
  while (list.childElementCount > MOST_LINES) list.firstElementChild.remove();
}

box.closest("label").hidden = false;
box.addEventListener("change", more);
document.addEventListener("visibilitychange", more);
document.getElementById("level").addEventListener("change", (event) => event.target.form.requestSubmit());
timer = setTimeout(more, EVERY_MS);

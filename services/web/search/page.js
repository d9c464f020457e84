// Results as you type, and the arrow keys through them.

const box = document.querySelector("[data-search]");
const form = box.form;
const PAUSE_MS = 160;
const NOTHING_MS = 700; // half a word finds nothing, and is no reason to say so at once
let timer = 0;
let asked = box.value.trim();
let current = null;

// A touch screen would cover half the page with its keyboard.
if (!asked && matchMedia("(hover: hover)").matches) box.focus();

function hits() {
  return [...document.querySelectorAll("[data-hit]")];
}

// ask fetches the page for what is typed and takes its results.
async function ask() {
  const text = box.value.trim();
  if (text === asked || text.length < 2) return;
  asked = text;
  current?.abort();
  current = new AbortController();
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  const results = document.getElementById("results");
  const slow = setTimeout(() => results.classList.add("stale"), 250);
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: current.signal, cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("[data-hit]") && hits().length) {
      await new Promise((done) => setTimeout(done, NOTHING_MS));
      if (box.value.trim() !== text) return;
    }
    results.replaceChildren(...document.importNode(page.getElementById("results"), true).childNodes);
    form.classList.remove("calm");
    form.querySelector(".display")?.remove();
    document.title = page.title;
    history.replaceState(null, "", address);
  } catch (problem) {
    if (problem.name !== "AbortError") asked = ""; // the button still works
  } finally {
    clearTimeout(slow);
    results.classList.remove("stale");
  }
}

box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
});

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const all = hits();
  const at = all.indexOf(document.activeElement);
  const inBox = document.activeElement === box;
  if (event.key === "ArrowDown" && all.length && (inBox || at >= 0)) {
    event.preventDefault();
    all[Math.min(at + 1, all.length - 1)].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    (at === 0 ? box : all[at - 1]).focus();
  } else if (event.key === "Escape" && at >= 0) {
    box.focus();
    box.select();
  }
});

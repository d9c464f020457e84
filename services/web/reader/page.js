// Reading: from hit to hit, and the address of a passage.
import { copy } from "./copy.js";
import { typing } from "./keys.js";

const article = document.querySelector(".text");
const marks = article ? [...article.querySelectorAll("mark")] : [];
let now = -1;

if (article) {
  place();
  stepping();
  start();
  copying();
  counting();
}

// place opens the part that an address names when it says only #p12.
function place() {
  const number = location.hash.match(/^#p(\d+)$/)?.[1];
  if (!number || document.getElementById(`p${number}`)) return;
  const address = new URL(location.href);
  if (address.searchParams.get("at") === number) return; // there is no such passage
  address.searchParams.set("at", number);
  location.replace(address);
}

// stepping goes from hit to hit with the buttons of the find bar and with n
// and p. A button's own address leads on to the next part.
function stepping() {
  const bar = document.getElementById("find-bar");
  const direction = (event) => {
    const step = event.target.closest("[data-step]");
    return step ? (step.dataset.step === "next" ? 1 : -1) : 0;
  };
  bar.addEventListener("click", (event) => {
    if (direction(event) && go(direction(event))) event.preventDefault();
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && direction(event) && !event.target.href) go(direction(event));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key !== "n" && event.key !== "p") return;
    const direction = event.key === "n" ? 1 : -1;
    if (!go(direction)) document.querySelector(`[data-step=${direction > 0 ? "next" : "previous"}][href]`)?.click();
  });
}

// start is at the hit that the address points to.
function start() {
  reachable();
  const passage = location.hash && document.getElementById(location.hash.slice(1));
  if (!passage || !marks.length) return;
  const here = marks.filter((mark) => passage.contains(mark));
  if (!here.length) return;
  const last = new URLSearchParams(location.search).get("from") === "end";
  const to = marks.indexOf(last ? here.at(-1) : here[0]);
  show(to, false);
  // Until the page has loaded the browser scrolls to the passage by itself; then
  // the hit has the last word.
  addEventListener("load", () => requestAnimationFrame(() => now === to && show(to, false)), { once: true });
}

// reachable makes buttons of the steps that lead nowhere without scripts.
function reachable() {
  for (const step of document.querySelectorAll("[data-step]")) {
    step.setAttribute("role", "button");
    step.tabIndex = 0;
  }
}

// counting fetches the page once more, with the hits of the whole text.
async function counting() {
  const waiting = document.querySelector("[data-counting]");
  if (!waiting) return;
  const answer = await fetch(waiting.dataset.counting, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // the link is still there
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  waiting.replaceWith(...document.importNode(page.getElementById("find-bar"), true).querySelectorAll(".count, .steps"));
  document.getElementById("strip")?.replaceWith(document.importNode(page.getElementById("strip"), true));
  reachable();
  if (now >= 0) say();
}

// go shows the hit after or before; false when it is in another part.
function go(direction) {
  const to = now < 0 && direction > 0 ? firstInView() : now + direction;
  if (to < 0 || to >= marks.length) return false;
  show(to, true);
  return true;
}

function firstInView() {
  const at = marks.findIndex((mark) => mark.getBoundingClientRect().bottom > 80);
  return at < 0 ? marks.length : at;
}

function show(to, scroll) {
  marks[now]?.classList.remove("now");
  now = to;
  const mark = marks[now];
  mark.classList.add("now");
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (scroll || !inView(mark)) mark.scrollIntoView({ block: "center", behavior: scroll && smooth ? "smooth" : "auto" });
  say();
}

function say() {
  const count = document.querySelector("[data-count]");
  if (!count) return;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  count.textContent = count.dataset.of
    .replace("{n}", number.format(Number(count.dataset.before) + now + 1))
    .replace("{total}", number.format(Number(count.dataset.total)));
}

function inView(mark) {
  const box = mark.getBoundingClientRect();
  return box.top > 80 && box.bottom < innerHeight - 80;
}

// copying puts a passage's address into the clipboard, or at least into the
// address bar, where a page on plain HTTP may not reach the clipboard.
function copying() {
  article.addEventListener("click", async (event) => {
    const anchor = event.target.closest("[data-copy]");
    if (!anchor || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, "", anchor.href);
    if (!(await copy(anchor.href))) return;
    anchor.dataset.said = article.dataset.copied;
    anchor.classList.add("copied");
    document.getElementById("announce").textContent = article.dataset.copied;
    setTimeout(() => anchor.classList.remove("copied"), 1500);
  });
}

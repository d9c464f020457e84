// The tray: what is on its way into the box, and what has arrived and is read.
// Uploads live in this page. What has arrived is kept by id, so that every
// page shows it, and is written by the box.
import { upload } from "./upload.js";

const AT_ONCE = 3;
const KEPT = 50;

export function tray(base, live) {
  const element = document.getElementById("tray");
  const sending = document.getElementById("tray-sending");
  const items = document.getElementById("tray-items");
  const words = document.getElementById("tray-item").dataset;
  const key = `coffer-tray ${base}`;
  const queue = [];
  const atWork = new Set(); // entries that would be lost
  let running = 0;

  const ids = () => parse(localStorage.getItem(key));
  const remember = (list) => {
    localStorage.setItem(key, JSON.stringify(list.slice(0, KEPT)));
    point();
  };
  const forget = (id) => remember(ids().filter((other) => other !== id));

  const fold = element.querySelector("[data-tray-fold]");
  const folded = (on) => {
    element.classList.toggle("folded", on);
    fold.setAttribute("aria-expanded", String(!on));
  };
  // It opens folded where the owner folded it, and where a page before has shown
  // how everything ended.
  folded(sessionStorage.getItem(key) === "folded");
  fold.addEventListener("click", () => {
    const on = !element.classList.contains("folded");
    folded(on);
    sessionStorage.setItem(key, on ? "folded" : "");
  });

  // point tells the list which sources it is about.
  function point() {
    const list = ids();
    items.dataset.live = list.length ? `${element.dataset.items}?${new URLSearchParams(list.map((id) => ["id", id]))}` : "";
    if (!list.length) items.replaceChildren();
    show();
  }

  function show() {
    const all = sending.children.length + items.children.length;
    const settled = items.querySelectorAll("[data-settled]").length;
    const failed = element.querySelectorAll(".bad").length;
    const open = all - settled - sending.querySelectorAll(".bad").length;
    const counts = { adding: open, added: open ? 0 : all - failed, failed };
    const said = Object.entries(counts).filter(([, n]) => n).map(([word, n]) => element.dataset[word].replace("{n}", String(n)));
    element.hidden = all === 0;
    element.querySelector("[data-tray-said]").textContent = said.join(" · ");
    element.querySelector("[data-tray-clear]").hidden = settled === 0;
    if (all > 0 && open === 0 && !document.hidden) sessionStorage.setItem(key, "folded");
  }

  function arrived(source) {
    remember([source.id, ...ids().filter((id) => id !== source.id)]);
    live.changed({ kind: "now" });
    announce(element.dataset.arrived.replace("{title}", source.title));
    document.dispatchEvent(new CustomEvent("coffer:arrived", { detail: source }));
  }

  function unfold() {
    folded(false);
    sessionStorage.removeItem(key);
  }

  function add(files) {
    unfold();
    for (const file of files) queue.push(entry(file));
    announce(element.dataset.dropped.replace("{n}", String(files.length)));
    show();
    next();
  }

  function entry(file) {
    const row = document.getElementById("tray-item").content.cloneNode(true).firstElementChild;
    const bar = row.querySelector("progress");
    const state = row.querySelector(".state");
    const retry = row.querySelector("[data-act=retry]");
    const e = { file, row, ended: new AbortController() };
    row.querySelector(".name").textContent = file.name;
    bar.setAttribute("aria-label", file.name);
    e.report = (now) => {
      retry.hidden = true;
      row.classList.remove("bad");
      bar.hidden = "again" in now;
      if (now.finishing) bar.removeAttribute("value");
      else bar.value = now.percent ?? 0;
      if ("percent" in now) state.textContent = words.uploading.replace("{percent}", String(now.percent));
      else if (now.finishing) state.textContent = words.finishing;
      else if (now.again) state.textContent = words.again.replace("{seconds}", String(now.again));
      else state.textContent = words.waiting;
    };
    e.fail = (problem) => {
      row.classList.add("bad");
      bar.hidden = true;
      state.textContent = problem.detail || words[problem.word] || words.refused;
      retry.hidden = problem.word === "empty" || problem.word === "toolarge";
      announce(`${file.name}: ${state.textContent}`);
      show();
    };
    retry.addEventListener("click", () => {
      e.report({});
      queue.push(e);
      atWork.add(e);
      show();
      next();
    });
    row.querySelector("[data-act=remove]").addEventListener("click", () => {
      e.ended.abort();
      queue.splice(0, queue.length, ...queue.filter((other) => other !== e));
      atWork.delete(e);
      row.remove();
      show();
    });
    atWork.add(e);
    e.report({});
    sending.append(row);
    return e;
  }

  async function next() {
    if (running >= AT_ONCE || !queue.length) return;
    const e = queue.shift();
    running++;
    next();
    try {
      const source = await upload(element.dataset.api, e.file, e.report, e.ended.signal);
      atWork.delete(e);
      e.row.remove();
      arrived(source);
    } catch (problem) {
      if (!problem.word) throw problem;
      if (!e.ended.signal.aborted) e.fail(problem);
      if (problem.word !== "offline" && problem.word !== "signedout") atWork.delete(e);
    } finally {
      running--;
      next();
    }
  }

  // note sends a title and a text, and throws the box's words when refused.
  async function note(title, text) {
    const answer = await fetch(`${element.dataset.api}/text`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ title, text }),
    }).catch(() => null);
    if (!answer) throw new Error(words.offline);
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(answer.status === 401 ? words.signedout : body.detail || words.refused);
    unfold();
    arrived(body);
  }

  items.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    const id = button.closest("[data-key]").dataset.key;
    if (button.dataset.act === "dismiss") {
      forget(id);
      button.closest("[data-key]").remove();
      show();
      return;
    }
    button.disabled = true;
    const method = button.dataset.act === "delete" ? "DELETE" : "POST";
    const answer = await fetch(button.dataset.url, { method }).catch(() => null);
    button.disabled = false;
    if (method === "DELETE" && answer && (answer.ok || answer.status === 404)) forget(id);
    live.changed({ kind: "now" });
  });
  element.querySelector("[data-tray-clear]").addEventListener("click", () => {
    const settled = [...items.querySelectorAll("[data-settled]")];
    const gone = settled.map((item) => item.dataset.key);
    for (const item of settled) item.remove();
    remember(ids().filter((id) => !gone.includes(id)));
  });
  items.addEventListener("coffer:live", show);
  // A page that shows a source sees to it.
  const seen = document.querySelector("[data-seen]")?.dataset.seen;
  if (ids().includes(seen)) forget(seen);
  window.addEventListener("storage", (event) => event.key === key && point());
  window.addEventListener("beforeunload", (event) => {
    if (atWork.size) event.preventDefault();
  });

  point();
  if (ids().length) live.changed({ kind: "now" });
  return { add, note };
}

function announce(text) {
  document.getElementById("announce").textContent = text;
}

function parse(text) {
  try {
    const list = JSON.parse(text || "[]");
    return Array.isArray(list) ? list.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

// Dropping files anywhere, pasting files or text anywhere, and choosing them.
import { typing } from "./keys.js";

const LONE_URL = /^https?:\/\/\S+$/i;

export function dropAndPaste(tray) {
  if (document.querySelector("form[data-keeps-files]")) {
    keeping();
  } else {
    dropping(tray);
    pasting(tray);
  }
  choosing(tray);
  noting(tray);
}

// keeping is for pages with a form for files that are no documents, a private
// key for one: what is dropped belongs to a field of it, or to nobody.
function keeping() {
  for (const what of ["dragover", "drop"]) {
    document.addEventListener(what, (event) => {
      if (event.dataTransfer?.types.includes("Files") && !event.target.closest?.("input[type=file]")) event.preventDefault();
    });
  }
}

function dropping(tray) {
  const target = document.getElementById("drop");
  let depth = 0;
  const files = (event) => event.dataTransfer?.types.includes("Files");
  const show = (on) => {
    target.hidden = !on;
    if (!on) depth = 0;
  };
  document.addEventListener("dragenter", (event) => {
    if (!files(event)) return;
    depth++;
    show(true);
  });
  document.addEventListener("dragleave", () => {
    if (--depth <= 0) show(false);
  });
  document.addEventListener("dragover", (event) => files(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (!files(event)) return;
    event.preventDefault();
    show(false);
    closeDialogs();
    const found = await unfold(event.dataTransfer);
    if (found.length) tray.add(found);
  });
}

// unfold lists the files of a drop, those in folders too.
async function unfold(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  const walk = async (entry) => {
    if (entry.name.startsWith(".")) return;
    if (entry.isFile) {
      found.push(await new Promise((done, failed) => entry.file(done, failed)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const part = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!part.length) return;
      for (const child of part) await walk(child);
    }
  };
  for (const entry of entries) await walk(entry).catch(() => {});
  return found;
}

function pasting(tray) {
  const dialog = document.getElementById("note");
  document.addEventListener("paste", (event) => {
    if (typing(event.target)) return;
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain").trim();
    if (!files.length && !text) return;
    event.preventDefault();
    closeDialogs();
    if (files.length) {
      tray.add(files);
      return;
    }
    const form = dialog.querySelector("form");
    form.elements.text.value = text;
    form.elements.title.value = title(text);
    dialog.querySelector("[data-lone-url]").hidden = !LONE_URL.test(text);
    dialog.showModal();
    form.elements.title.select();
  });
}

// title is the first line of a text, cut at a word.
function title(text) {
  const line = text.split("\n", 1)[0].trim();
  return line.length <= 80 ? line : line.slice(0, 80).replace(/\s+\S*$/, "…");
}

function choosing(tray) {
  const dialog = document.getElementById("choose");
  for (const link of document.querySelectorAll("[data-add]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      dialog.showModal();
    });
  }
  for (const button of document.querySelectorAll("dialog [data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  for (const input of document.querySelectorAll("[data-files] input[type=file]")) {
    input.addEventListener("change", () => {
      closeDialogs();
      if (input.files.length) tray.add([...input.files]);
      input.value = "";
    });
  }
}

function noting(tray) {
  for (const form of document.querySelectorAll("form[data-note]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector("[data-note-problem]");
      const button = event.submitter;
      if (button) button.disabled = true;
      try {
        await tray.note(form.elements.title.value, form.elements.text.value);
        form.reset();
        problem.hidden = true;
        form.closest("dialog")?.close();
        const fold = form.closest("details");
        if (fold) fold.open = false;
      } catch (refused) {
        problem.textContent = refused.message;
        problem.hidden = false;
      }
      if (button) button.disabled = false;
    });
  }
}

function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

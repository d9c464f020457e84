// "/" puts the cursor into the search box of the page, or opens the search.

export function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") && !["radio", "checkbox"].includes(target.type);
}

export function shortcuts() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const box = document.querySelector("[data-search]");
    if (!box && document.body.classList.contains("bare")) return;
    event.preventDefault();
    if (!box) {
      location.assign(`${document.body.dataset.base}/`);
      return;
    }
    box.focus();
    box.select();
  });
}

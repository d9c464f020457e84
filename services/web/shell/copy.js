// copy puts text into the clipboard, also on plain HTTP, where a page may not
// reach it by itself. It answers whether that worked.
export async function copy(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

// copyButtons has each button that names a field copy what is in it.
export function copyButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    const say = button.textContent;
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      if (!(await copy(field.value))) {
        field.focus();
        return;
      }
      button.textContent = button.dataset.copied;
      document.getElementById("announce").textContent = button.dataset.copied;
      setTimeout(() => (button.textContent = say), 1500);
    });
  }
}

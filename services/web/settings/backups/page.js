import { askFirst } from "./ask-first.js";
import { copy } from "./copy.js";

askFirst();

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

// While the box switches, the browser waits for the answer to the form. This
// says so, and keeps the form from being sent twice.
const form = document.querySelector("form[data-switch]");

if (form) {
  const button = form.querySelector("button.primary");
  const waiting = form.querySelector("[data-switching]");
  const say = waiting.querySelector("[data-say]");
  const show = (busy) => {
    button.disabled = busy;
    waiting.hidden = !busy;
    say.textContent = busy ? say.dataset.say : "";
  };
  form.addEventListener("submit", () => show(true));
  addEventListener("pageshow", () => show(false)); // also when the browser comes back to it
}

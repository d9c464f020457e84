// Password fields: show and hide, and how long the password is.

export function passwords() {
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    const show = button.textContent;
    button.hidden = false;
    button.addEventListener("click", () => {
      const hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      button.textContent = hidden ? button.dataset.hide : show;
      button.setAttribute("aria-pressed", String(hidden));
      field.focus();
    });
    // What a password manager keeps is a password, however it was shown.
    field.form.addEventListener("submit", () => {
      field.type = "password";
    });
  }
  for (const field of document.querySelectorAll("[data-meter]")) {
    const meter = document.getElementById(field.dataset.meter);
    const text = meter.nextElementSibling;
    field.addEventListener("input", () => {
      const length = [...field.value.normalize()].length;
      meter.hidden = length === 0;
      meter.value = Math.min(length, meter.max);
      const said = length < 8 ? meter.dataset.short : length < 12 ? meter.dataset.fair : meter.dataset.good;
      text.textContent = length === 0 ? "" : `${said} (${length})`;
    });
  }
}

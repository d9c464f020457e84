import { passwords } from "./password.js";

// askFirst asks for the password before a form marked data-reauth is sent,
// unless it was given a moment ago. Where this cannot tell, the form is sent as
// it is, and the box asks on a page of its own.
export function askFirst() {
  const dialog = document.getElementById("reauth");
  const { address, left, lasts, wrong, limited } = dialog.dataset;
  const problem = document.getElementById("reauth-problem");
  const password = document.getElementById("reauth-password");
  let until = Date.now() + left * 1000;
  let send = () => {};
  passwords();

  for (const form of document.querySelectorAll("form[data-reauth]")) {
    form.addEventListener("submit", (event) => {
      if (Date.now() < until) return;
      event.preventDefault();
      send = () => form.requestSubmit(event.submitter);
      problem.hidden = true;
      password.removeAttribute("aria-invalid");
      dialog.showModal();
    });
  }
  dialog.addEventListener("close", () => (password.value = ""));
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter ?? dialog.querySelector("button.primary");
    button.disabled = true;
    const said = await prove(address, password.value);
    button.disabled = false;
    if (said) {
      problem.textContent = said.wait ? limited.replace("{seconds}", said.wait) : wrong;
      problem.hidden = false;
      password.setAttribute("aria-invalid", "true");
      password.select();
      return;
    }
    until = Date.now() + lasts * 1000;
    dialog.close();
    send();
  });
}

// prove answers what was wrong, or nothing when the form may be sent: the box
// has the last word on that.
async function prove(address, password) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ password }),
    });
    if (answer.status === 403) return {};
    if (answer.status === 429) return { wait: answer.headers.get("Retry-After") ?? "60" };
  } catch {
    // The form finds out.
  }
  return null;
}

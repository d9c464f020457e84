import { passkeyInstead } from "./passkeys.js";
import { passwords } from "./password.js";

// askFirst asks for the password, and for a code when a second factor is on,
// before a form marked data-reauth is sent, unless they were given a moment ago.
// Where this cannot tell, the form is sent as it is, and the box asks on a page
// of its own.
export function askFirst() {
  const dialog = document.getElementById("reauth");
  const { address, left, lasts, wrong, wrongCode, wrongPasskey, limited } = dialog.dataset;
  const problem = document.getElementById("reauth-problem");
  const password = document.getElementById("reauth-password");
  const code = document.getElementById("reauth-code"); // null: none is asked for
  let until = Date.now() + left * 1000;
  let send = () => {};
  passwords();
  passkeyInstead();

  const say = (text, field) => {
    problem.textContent = text;
    problem.hidden = !text;
    for (const each of [password, code]) each?.removeAttribute("aria-invalid");
    field?.setAttribute("aria-invalid", "true");
    field?.select();
  };
  for (const form of document.querySelectorAll("form[data-reauth]")) {
    form.addEventListener("submit", (event) => {
      if (Date.now() < until) return;
      event.preventDefault();
      send = () => form.requestSubmit(event.submitter);
      say("");
      dialog.showModal();
    });
  }
  dialog.addEventListener("close", () => {
    password.value = "";
    if (code) code.value = "";
    code?.dispatchEvent(new Event("input")); // forgets a passkey's answer, too
  });
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter ?? dialog.querySelector("button.primary");
    button.disabled = true;
    const refused = await prove(address, proofOf(dialog.querySelector("form")));
    code?.dispatchEvent(new Event("input"));
    button.disabled = false;
    if (refused?.wait) return say(limited.replace("{seconds}", refused.wait), password);
    if (refused?.field === "passkey") return say(wrongPasskey, code);
    if (refused?.field === "code" && code) return say(wrongCode, code);
    if (refused && refused.field !== "code") return say(wrong, password);
    // The right answer, or a factor that was turned on since this page was made.
    until = Date.now() + lasts * 1000;
    dialog.close();
    send();
  });
}

function proofOf({ elements: { reauth_password, reauth_code, reauth_ticket, reauth_passkey } }) {
  const password = reauth_password.value;
  if (!reauth_passkey?.value) return { password, code: reauth_code?.value };
  return { password, ticket: reauth_ticket.value, passkey: JSON.parse(reauth_passkey.value) };
}

// prove answers what was wrong, or nothing when the form may be sent: the box
// has the last word on that.
async function prove(address, proof) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(proof),
    });
    if (answer.status === 403) return { field: (await answer.json()).errors?.[0]?.field };
    if (answer.status === 429) return { wait: answer.headers.get("Retry-After") ?? "60" };
  } catch {
    // The form finds out.
  }
  return null;
}

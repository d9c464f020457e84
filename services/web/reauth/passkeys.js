// Passkeys: what a browser's authenticators are asked, and their answers as JSON.

// usePasskeys reports whether this browser knows passkeys by JSON.
export function usePasskeys() {
  return Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
}

// getPasskey answers null when nobody touched an authenticator.
export async function getPasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey }).then((made) => made.toJSON(), () => null);
}

// passkeyForms has the button of a form with data-passkey answer its options
// first, by a new passkey where data-make says so, and sends the form then.
export function passkeyForms() {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[data-problem]");
    if (!usePasskeys()) {
      problem.textContent = form.dataset.old;
      problem.hidden = false;
      continue;
    }
    const button = form.querySelector("button");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      button.disabled = true;
      const options = JSON.parse(form.dataset.passkey);
      const answer = "make" in form.dataset ? await makePasskey(options) : await getPasskey(options);
      button.disabled = false;
      if (answer) {
        form.elements.passkey.value = JSON.stringify(answer);
        form.submit();
        return;
      }
      problem.textContent = form.dataset.stopped;
      problem.hidden = false;
    });
  }
}

async function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return navigator.credentials.create({ publicKey }).then((made) => made.toJSON(), () => null);
}

// passkeyInstead lets a passkey stand in for the code where both are asked for:
// its answer goes along with the form.
export function passkeyInstead() {
  const button = document.querySelector("[data-passkey-for]");
  if (!button || !usePasskeys()) return;
  const { form } = button;
  const code = form.elements.reauth_code;
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!form.elements.reauth_password.reportValidity()) return;
    button.disabled = true;
    try {
      const asked = await fetch(button.dataset.passkeyFor, { method: "POST" });
      const { ticket, options } = await asked.json();
      const answer = asked.ok && (await getPasskey(options));
      if (!answer) return;
      form.elements.reauth_ticket.value = ticket;
      form.elements.reauth_passkey.value = JSON.stringify(answer);
      code.required = false;
      form.requestSubmit(form.querySelector("button.primary"));
    } catch {
      // The field for a code is still there.
    } finally {
      button.disabled = false;
    }
  });
  // Each answer is good once; what is typed in counts again then.
  code.addEventListener("input", () => {
    code.required = true;
    form.elements.reauth_ticket.value = form.elements.reauth_passkey.value = "";
  });
}

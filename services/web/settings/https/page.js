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

// While a certificate is ordered, the page says how far that is, and is asked
// for anew once it is over: the box may be served otherwise then.
const order = document.querySelector("[data-ordering]");

if (order) {
  const steps = [...order.querySelectorAll("[data-step]")];
  const said = order.querySelector("[data-now]");
  const served = order.hasAttribute("data-serves");
  let begun = false;
  const show = (at) => {
    const now = steps.findIndex((s) => s.dataset.step === at);
    if (now < 0) return;
    begun = true;
    if (said.textContent !== steps[now].textContent) said.textContent = steps[now].textContent;
    steps.forEach((step, n) => {
      step.className = n < now ? "done" : n === now ? "now" : "later";
      if (n === now) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
  };
  const look = async () => {
    try {
      const answer = await fetch(order.dataset.ordering, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const { order: is } = await answer.json();
      if (is.step) show(is.step);
      else if (begun || is.problem || is.serves !== served) {
        location.replace(location.pathname);
        return;
      }
    } catch {
      // a reload of the edge breaks a request off; the next one tells
    }
    setTimeout(look, 700);
  };
  look();
}

// While a backup is on its way the form says so. Afterwards the page waits for
// the box to answer again and leads to the sign-in.
const EVERY_MS = 700;

const form = document.querySelector("[data-restore]");
form?.addEventListener("submit", () => {
  document.getElementById("sending").hidden = false;
  form.querySelector("button").disabled = true;
});

const again = document.querySelector("[data-again]");
if (again) {
  const bar = document.getElementById("starting");
  bar.hidden = false;
  let gone = false;
  const ask = async () => {
    const answers = await fetch(`${document.body.dataset.base}/readyz`, { cache: "no-store" }).then((r) => r.ok, () => false);
    gone ||= !answers;
    if (gone && answers) location.assign(again.href);
    else setTimeout(ask, EVERY_MS);
  };
  setTimeout(ask, EVERY_MS);
}

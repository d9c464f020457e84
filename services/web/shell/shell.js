// What every page does. Each import is one behaviour; all of them leave a page
// that works without them as it was.
import { follow } from "./events.js";
import { keepLive } from "./live.js";
import { shortcuts } from "./keys.js";
import { localTimes } from "./times.js";
import { tray } from "./tray.js";
import { dropAndPaste } from "./drop.js";

const base = document.body.dataset.base;
shortcuts();

// A row of links that is wider than the screen begins where one is.
document.querySelector("[data-show-current] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const form of document.querySelectorAll("form[data-autosend]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

if (document.body.dataset.events) {
  const live = keepLive();
  const items = tray(base, live);
  dropAndPaste(items);
  follow(document.body.dataset.events, (event) => live.changed(event));
}
localTimes(document); // after keepLive has seen how the box wrote them

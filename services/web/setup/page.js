// The wizard: passwords, and on to the reading of the first document once it
// has arrived.
import { passwords } from "./password.js";

passwords();

if (document.querySelector("[data-first]")) {
  document.addEventListener("coffer:arrived", (event) => {
    const address = new URL(location.href);
    address.search = new URLSearchParams({ id: event.detail.id });
    location.assign(address);
  });
}

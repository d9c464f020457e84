// While a package is on its way the form says so.
const form = document.querySelector("[data-sends]");
form?.addEventListener("submit", () => {
  document.getElementById("sending").hidden = false;
  form.querySelector("button").disabled = true;
});

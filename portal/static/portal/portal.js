// Only comfort: every form works without it. A reason or a date shows where a word needs one, and
// what is typed is not lost when a page is left by mistake.
"use strict";

function showNeeded(form) {
  const needed = new Set();
  // A form that comes back has what was typed as its default.
  const isAgain = form.querySelector(".trouble") !== null;
  form.querySelectorAll("select").forEach((select) => {
    const option = select.selectedOptions[0];
    const changed = option && (isAgain || !option.defaultSelected);
    if (changed && option.dataset.needs) needed.add(option.dataset.needs);
  });
  const fields = { date: "on_date", reason: "reason" };
  for (const [need, name] of Object.entries(fields)) {
    const field = form.elements[name];
    if (!field || !field.closest(".extra")) continue;
    field.closest(".extra").hidden = !(needed.has(need) || field.value);
    field.required = needed.has(need);
  }
}

function look(root) {
  const forms = root.matches && root.matches("form.act") ? [root] : [];
  [...forms, ...root.querySelectorAll("form.act")].forEach(showNeeded);
}

let isTyped = false;
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.act");
  if (form) showNeeded(form);
});
document.addEventListener("input", (event) => {
  if (event.target.closest("form.act")) isTyped = true;
});
document.addEventListener("submit", () => {
  isTyped = false;
});
window.addEventListener("beforeunload", (event) => {
  if (isTyped) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", (event) => {
  look(event.detail.elt);
  isTyped = false;
  // Whoever works by keyboard goes on where they were.
  const said = event.detail.elt.querySelector("[role=alert], [role=status]");
  const next = event.detail.elt.querySelector("form.act select, form.act button");
  if (next) next.focus({ preventScroll: true });
  if (said) said.scrollIntoView({ block: "nearest" });
});
document.addEventListener("htmx:responseError", (event) => sayTrouble(event.detail.elt));
document.addEventListener("htmx:sendError", (event) => sayTrouble(event.detail.elt));

function sayTrouble(form) {
  let place = form.querySelector("[role=alert]");
  if (!place) {
    place = document.createElement("p");
    place.className = "trouble";
    place.setAttribute("role", "alert");
    form.prepend(place);
  }
  place.textContent = "Det gick inte att spara. Det du skrev står kvar; försök igen om en stund. Är du utloggad: kopiera det, läs om sidan och logga in.";
}

document.addEventListener("DOMContentLoaded", () => look(document.body));

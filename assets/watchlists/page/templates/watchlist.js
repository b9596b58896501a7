// Seeks and sorts what stands on the page. Nothing is sent, stored or fetched, and without this
// the page has everything too.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const collator = new Intl.Collator("sv", { numeric: true });
  const tables = [...document.querySelectorAll("table.pupils")];
  const text = (row, name) => row.querySelector(`.${name}`)?.textContent.trim() ?? "";
  const rank = (row, name) => Number(row.querySelector(`.${name}`)?.dataset.rank ?? 0);
  const people = [...document.querySelectorAll("tbody.pupil, table.people > tbody > tr")].map(
    (row) => ({
      row,
      isPupil: row.matches(".pupil"),
      name: text(row, "name").toLocaleLowerCase("sv"),
      mentor: text(row, "mentor"),
      klass: text(row, "klass"),
    }),
  );

  // --- sort: a click on a heading, and again for the other way round ---
  const keys = new Map();
  function keysOf(name) {
    if (!keys.has(name)) {
      const read = name.startsWith("q-") ? rank : text;
      const rows = tables.flatMap((table) => [...table.tBodies]);
      keys.set(name, new Map(rows.map((row) => [row, read(row, name)])));
    }
    return keys.get(name);
  }
  function sortBy(name, isDown) {
    const of = keysOf(name);
    const way = isDown ? -1 : 1;
    const compare = name.startsWith("q-") ? (a, b) => a - b : collator.compare;
    for (const table of tables) {
      const rows = [...table.tBodies].sort((a, b) => way * compare(of.get(a), of.get(b)));
      const sorted = document.createDocumentFragment();
      sorted.append(...rows);
      table.append(sorted);
      for (const heading of table.tHead.rows[0].cells) {
        if (heading.className === name) {
          heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        } else {
          heading.removeAttribute("aria-sort");
        }
      }
    }
  }
  for (const table of tables) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      const name = heading.className;
      button.addEventListener("click", () => {
        const was = heading.getAttribute("aria-sort");
        const isDownFirst = name === "absence" || name.startsWith("q-");
        sortBy(name, was ? was === "ascending" : isDownFirst);
      });
    }
  }

  // --- seek: what does not fit is hidden, and how much is shown is always told ---
  const fields = ["namn", "mentor", "klass", "fraga"].map((name) => byId(`sok-${name}`));
  const [nameField, mentorField, classField, questionField] = fields;
  const told = byId("sok-antal");
  const folds = [...document.querySelectorAll("details.fold")];
  function fill(field, values) {
    for (const value of [...new Set(values)].filter(Boolean).sort(collator.compare)) {
      field.append(new Option(value, value));
    }
  }
  fill(mentorField, people.map((one) => one.mentor));
  fill(classField, people.map((one) => one.klass));
  let openedFolds = [];
  function seek() {
    const part = nameField.value.trim().toLocaleLowerCase("sv");
    const [mentor, klass, question] = [mentorField.value, classField.value, questionField.value];
    const isSought = Boolean(part || mentor || klass || question);
    let shown = 0;
    let all = 0;
    for (const one of people) {
      const fits =
        one.name.includes(part) &&
        (!mentor || one.mentor === mentor) &&
        (!klass || one.klass === klass) &&
        (!question || !one.isPupil || rank(one.row, question) > 1);
      one.row.hidden = !fits;
      if (one.isPupil) {
        all += 1;
        shown += fits ? 1 : 0;
      }
    }
    told.textContent = isSought
      ? told.dataset.words.replace("{shown}", shown).replace("{all}", all)
      : "";
    byId("sok").classList.toggle("sought", isSought);
    if (isSought) {
      for (const fold of folds.filter((one) => !one.open)) {
        fold.open = true;
        openedFolds.push(fold);
      }
    } else {
      for (const fold of openedFolds) fold.open = false;
      openedFolds = [];
    }
  }
  for (const field of fields) field.addEventListener("input", seek);
  function showAll() {
    for (const field of fields) field.value = "";
    seek();
  }
  byId("sok-alla").addEventListener("click", showAll);
  byId("sok").hidden = people.length === 0;
  document.documentElement.classList.add("works");

  // --- open: a click anywhere on a line, and a link to a pupil ---
  document.addEventListener("click", (event) => {
    const line = event.target.closest("tbody.pupil > tr:first-child");
    if (!line || event.target.closest("summary, a") || String(getSelection())) return;
    const details = line.querySelector("details");
    details.open = !details.open;
  });
  function openTarget() {
    const row = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (!row || !row.matches("tbody.pupil")) return;
    if (row.hidden) showAll();
    const fold = row.closest("details.fold");
    if (fold) fold.open = true;
    row.querySelector("details").open = true;
    row.scrollIntoView();
  }
  addEventListener("hashchange", openTarget);
  openTarget();
})();

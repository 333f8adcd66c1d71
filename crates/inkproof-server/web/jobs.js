// Jobs: tables with their files, handed in once and judged as the service has time.

import { file, get, handIn, remove } from "./api.js";
import { ago, h, icon, ICONS, plural, say, trouble } from "./dom.js";

/** Milliseconds between two looks: while a job goes on, and otherwise. */
const SOON = 1000, LATER = 10_000;
const GOES_ON = ["waiting", "running"];
const TAGS = { done: "good", failed: "bad" };

export async function jobsView(main, { me }) {
  const mayHandIn = me.role === null || ["clerk", "operator"].includes(me.role);
  const shown = new Map();
  // A look that went wrong is told until one succeeds.
  let next = null, left = false, lost = false;
  const wrong = h("div", { "aria-live": "polite" });
  const list = h("ul", { class: "list" });
  const nothing = h("div", { class: "card empty" }, icon(ICONS.jobs, 52), h("h2", {}, "No job yet"), h("p", {}, "What is handed in will be here, with its results as a table."));
  main.append(
    h("div", { class: "head" }, h("div", {}, h("h1", {}, "Jobs"), h("p", {}, "A table with its signatures in one zip archive. It goes on when you close this page."))),
    h("div", { class: mayHandIn ? "columns" : "stack" }, mayHandIn && entrance(), h("div", { class: "stack" }, !mayHandIn && wrong, nothing, list)));
  await look();
  return () => {
    left = true;
    clearTimeout(next);
  };

  async function look() {
    clearTimeout(next);
    const { jobs } = await get("/v1/jobs");
    if (left) return;
    if (lost) wrong.replaceChildren();
    lost = false;
    for (const job of jobs) {
      if (!shown.has(job.id)) shown.set(job.id, card());
      shown.get(job.id).show(job);
    }
    for (const id of shown.keys()) if (!jobs.some((job) => job.id === id)) shown.delete(id);
    const elements = jobs.map(({ id }) => shown.get(id).element);
    // What stays where it is keeps the focus.
    if (elements.length !== list.children.length || elements.some((element, place) => list.children[place] !== element)) list.replaceChildren(...elements);
    nothing.hidden = jobs.length > 0;
    const goesOn = jobs.some(({ state }) => GOES_ON.includes(state));
    next = setTimeout(lookAgain, goesOn ? SOON : LATER);
  }
  async function lookAgain() {
    try {
      await look();
    } catch (problem) {
      failed(problem);
      lost = true;
    }
  }
  function failed(problem) {
    if (left) return;
    wrong.replaceChildren(trouble(problem));
    clearTimeout(next);
    next = setTimeout(lookAgain, LATER);
  }
  /** Does something that the service may refuse, and shows how things are afterwards. */
  async function attempt(work) {
    wrong.replaceChildren();
    lost = false;
    try {
      await work();
    } catch (problem) {
      failed(problem);
      return;
    }
    await lookAgain();
  }

  function entrance() {
    const busy = h("p", { class: "faint", role: "status" });
    const input = h("input", { type: "file", accept: ".zip,application/zip", class: "unseen", "aria-label": "Choose a zip archive", onchange: (event) => take(event.target.files[0]) });
    const place = h("div", { class: "drop" }, icon(ICONS.jobs, 40), h("p", {}, "Drop a zip archive here"), h("div", { class: "row" }, h("label", { class: "button" }, "Choose a zip archive", input)), busy);
    async function take(archive) {
      input.value = "";
      if (!archive) return;
      busy.textContent = `${archive.name} is being handed in ...`;
      await attempt(async () => {
        const { id, rows } = await handIn(archive);
        say(`Job ${id} with ${plural(rows, "row")} was handed in`);
      });
      busy.textContent = "";
    }
    const over = (is) => (event) => {
      event.preventDefault();
      place.classList.toggle("over", is);
    };
    place.addEventListener("dragover", over(true));
    place.addEventListener("dragleave", over(false));
    place.addEventListener("drop", (event) => {
      over(false)(event);
      take(event.dataTransfer.files[0]);
    });
    return h("div", { class: "card stack" }, h("h2", {}, "Hand in a job"), place, wrong,
      h("p", { class: "hint" }, "In it a table rows.csv with the columns writer,questioned (enrolled writers) or references,questioned (files), and the files that it names."));
  }

  function card() {
    const name = h("h2", { class: "name" }), tag = h("span", { class: "tag" }), when = h("span", { class: "faint" });
    const bar = h("progress", {});
    const progress = h("p", { class: "faint" }), outcome = h("p", {});
    const cancel = h("button", { type: "button" }, "Cancel"), save = h("button", { class: "main", type: "button" }, "Save the table"), drop = h("button", { type: "button" }, "Remove");
    const element = h("li", { class: "card stack tight" }, h("div", { class: "row between" }, h("div", { class: "row" }, name, tag), when), bar, progress, outcome, h("div", { class: "row" }, save, cancel, drop));
    return { element, show };

    function show(job) {
      const goesOn = GOES_ON.includes(job.state);
      name.textContent = `Job ${job.id}`;
      tag.textContent = job.state;
      tag.className = `tag ${TAGS[job.state] ?? ""}`;
      when.textContent = mayHandIn ? ago(job.created) : `${ago(job.created)} by ${job.owner}`;
      bar.max = job.rows;
      bar.value = job.done;
      bar.setAttribute("aria-label", `Rows of job ${job.id} that are done`);
      progress.textContent = `${job.done} of ${plural(job.rows, "row")}${goesOn ? remaining(job.seconds_left) : kept(job)}`;
      outcome.textContent = `${job.accepted} accepted, ${job.rejected} rejected, ${job.undecided} undecided${job.failed ? `, ${job.failed} could not be judged` : ""}`;
      save.hidden = !mayHandIn || job.done === 0;
      cancel.hidden = !goesOn;
      drop.hidden = goesOn || me.role === "auditor";
      if (me.role === "auditor") cancel.hidden = true;
      for (const [button, word] of [[cancel, "Cancel"], [save, "Save the table of"], [drop, "Remove"]]) button.setAttribute("aria-label", `${word} job ${job.id}`);
      save.onclick = () => attempt(() => download(job));
      cancel.onclick = drop.onclick = () => attempt(() => remove(`/v1/jobs/${job.id}`));
    }
  }
}

function remaining(seconds) {
  if (seconds === null) return "";
  if (seconds < 90) return `, about ${plural(Math.max(1, seconds), "second")} left`;
  return seconds < 5400 ? `, about ${Math.round(seconds / 60)} minutes left` : `, about ${Math.round(seconds / 3600)} hours left`;
}

function kept({ expires }) {
  return expires ? `, kept until ${new Date(expires).toLocaleDateString("en-GB", { dateStyle: "medium" })}` : "";
}

async function download({ id }) {
  const link = h("a", { href: URL.createObjectURL(await file(`/v1/jobs/${id}/table`)), download: `job-${id}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

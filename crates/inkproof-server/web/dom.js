// Elements from plain calls: h("p", {class: "faint"}, "text", ...). Text is always text, never markup.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A labelled field; the hint describes it and is not part of its name. */
export function field(label, hint, input) {
  const description = hint && h("p", { class: "hint", id: `${input.id}-hint` }, hint);
  if (description) input.setAttribute("aria-describedby", description.id);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), description, input);
}

const SVG = "http://www.w3.org/2000/svg";

/** A line drawing of 24 units from path data; it says nothing that the text next to it does not. */
export function icon(path, size = 24) {
  const svg = document.createElementNS(SVG, "svg");
  const facts = { viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(facts)) svg.setAttribute(name, value);
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  verify: "M3 17c3-7 5-9 6-7s-3 7-1 7 3-6 5-6-1 5 1 5 2-3 4-3 1 2 4 1",
  writers: "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21v-1a7 7 0 0 1 14 0v1M16 3.5a4 4 0 0 1 0 7M19 14a7 7 0 0 1 3 6v1",
  reviews: "M1 12s4-7 11-7 11 7 11 7-4 7-11 7S1 12 1 12M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
  audit: "M9 12h7M9 16h7M9 8h2M5 3h10l5 5v13H5V3",
  bulk: "M3 7h7l2 2h9v11H3V7M8 14h8M13 11l3 3-3 3",
  jobs: "M4 8V4h16v4M4 8h16v12H4V8M9 12h6",
  image: "M4 5h16v14H4V5M4 16l5-5 4 4 3-3 4 4M15 9h.01",
  accepted: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M7.5 12.5l3 3 6-7",
  rejected: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M8.5 8.5l7 7M15.5 8.5l-7 7",
  undecided: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M7.5 12h9",
};

/** Says something to those who hear the page. */
export function say(text) {
  document.getElementById("status").textContent = text;
}

export function notice(kind, ...children) {
  return h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : null }, ...children);
}

/** What went wrong, in the words of the service. */
export function trouble(error) {
  return notice("bad", h("strong", {}, error.title ?? "That did not work"), h("p", {}, error.detail ?? error.message));
}

export function spinner(text) {
  return h("p", { class: "row faint" }, h("span", { class: "busy" }), text);
}

const MINUTE = 60, HOUR = 3600, DAY = 86400;

/** "3 days ago" */
export function ago(time) {
  const seconds = (Date.now() - new Date(time)) / 1000;
  const steps = [[60, 1, "second"], [HOUR, MINUTE, "minute"], [DAY, HOUR, "hour"], [30 * DAY, DAY, "day"], [365 * DAY, 30 * DAY, "month"], [Infinity, 365 * DAY, "year"]];
  const [, unit, name] = steps.find(([below]) => seconds < below);
  const count = Math.max(0, Math.floor(seconds / unit));
  if (name === "second") return "just now";
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}

export function moment(time) {
  return h("time", { datetime: time, title: time }, new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }));
}

export function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

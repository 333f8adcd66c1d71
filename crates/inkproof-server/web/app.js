// The page's frame: who is signed in, the tabs, and which view the address asks for.

import { get, token } from "./api.js";
import { field, h, icon, ICONS, trouble } from "./dom.js";
import { auditView } from "./audit.js";
import { bulkView } from "./bulk.js";
import { jobsView } from "./jobs.js";
import { reviewView, reviewsView } from "./reviews.js";
import { verifyView } from "./verify.js";
import { countReviews } from "./waiting.js";
import { writerView, writersView } from "./writers.js";

const may = (...roles) => (me) => me.role === null || roles.includes(me.role);

const TABS = [
  { path: "verify", name: "Verify", allowed: may("clerk", "operator"), view: verifyView },
  { path: "writers", name: "Writers", allowed: may("clerk", "operator"), view: writersView, one: writerView },
  { path: "reviews", name: "Reviews", allowed: may("clerk", "operator", "auditor"), view: reviewsView, one: reviewView },
  { path: "bulk", name: "Bulk", allowed: may("clerk", "operator"), view: bulkView },
  { path: "jobs", name: "Jobs", allowed: may("clerk", "operator", "auditor", "administrator"), view: jobsView },
  { path: "audit", name: "Audit", allowed: may("auditor"), view: auditView },
];

const main = document.getElementById("main");
let me = null;
let leaving = () => {};
let turns = 0;

/** A part of the address; one that is not UTF-8 stands for itself. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function drawTabs(current) {
  const tab = ({ path, name }) => h("a", { href: `#/${path}`, "data-tab": path, "aria-current": path === current ? "page" : null },
    icon(ICONS[path], 22), h("span", {}, name), path === "reviews" && h("span", { class: "count", hidden: true }));
  document.getElementById("tabs").replaceChildren(...TABS.filter(({ allowed }) => allowed(me)).map(tab));
  countReviews();
}

async function draw() {
  leaving();
  leaving = () => {};
  const turn = (turns += 1);
  if (!(await known()) || turn !== turns) return;
  const [path, ...rest] = location.hash.replace(/^#\//, "").split("/").map(decoded);
  const allowed = TABS.filter((tab) => tab.allowed(me));
  const tab = allowed.find((tab) => tab.path === path) ?? allowed[0];
  drawTabs(tab.path);
  const view = rest[0] && tab.one ? tab.one : tab.view;
  document.title = `${tab.name} · inkproof`;
  // A view that is still asked for when the user goes elsewhere ends up in a place that is not shown any more.
  const place = h("div", {});
  main.replaceChildren(place);
  try {
    const leave = (await view(place, { me, id: rest[0], refresh: draw })) ?? (() => {});
    if (turn === turns) leaving = leave;
    else leave();
  } catch (problem) {
    if (turn !== turns) return;
    if (problem.status === 401) return signIn(problem.detail);
    main.replaceChildren(trouble(problem));
  }
}

/** Whether the service knows who this is; asks for a token where it does not. */
async function known() {
  if (me) return true;
  try {
    me = await get("/v1/me");
    document.getElementById("leave").hidden = me.role === null;
    return true;
  } catch (problem) {
    if (problem.status === 401) signIn(token() ? problem.detail : "");
    else main.replaceChildren(trouble(problem));
    return false;
  }
}

function signIn(why) {
  me = null;
  token(null);
  document.getElementById("tabs").replaceChildren();
  document.getElementById("leave").hidden = true;
  const secret = h("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false", required: true });
  const enter = (event) => {
    event.preventDefault();
    token(secret.value.trim());
    draw();
  };
  main.replaceChildren(h("form", { class: "card stack sign-in", onsubmit: enter },
    h("h1", {}, "Sign in"),
    why && h("p", { class: "notice bad", role: "alert" }, why),
    field("Token", "From your administrator. It is kept until you close this tab.", secret),
    h("button", { class: "main wide", type: "submit" }, "Sign in")));
  secret.focus();
}

document.getElementById("leave").addEventListener("click", () => signIn(""));
addEventListener("hashchange", () => {
  draw().then(() => main.focus());
  scrollTo(0, 0);
});
draw();

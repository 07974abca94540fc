// The desk's pages: countdowns in the clock's own time, what changes as it
// changes, and the keyboard. Every page works without.
const root = document.documentElement, lang = root.lang;
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

// Countdowns. data-ticks is "[a ]left from-to from-to ...", in milliseconds: what is
// left at data-now, and when the calendar is open within the next day.
let skew = 0;
const now = () => Date.now() + skew;
function span(ms, text, days) {
  const minutes = Math.max(1, Math.round(ms / 60000)), unit = (name, n) => text[name].replace("{}", n);
  const d = days ? Math.floor(minutes / 1440) : 0, h = Math.floor(minutes / 60) - d * 24, m = minutes % 60;
  if (d) return unit("day", d) + (h ? " " + unit("hour", h) : "");
  return h ? unit("hour", h) + (m ? " " + unit("minute", m) : "") : unit("minute", m);
}
function tick() {
  for (const clock of $$("[data-clock]")) {
    const text = clock.dataset, start = Number(text.now);
    for (const node of $$("[data-ticks]", clock)) {
      const parts = node.dataset.ticks.split(" "), always = parts[0] === "a";
      if (always) parts.shift();
      let left = Number(parts.shift());
      for (const part of parts) {
        const [from, to] = part.split("-").map(Number);
        left -= Math.max(0, Math.min(to, now()) - Math.max(from, start));
      }
      const late = left < 0 && (node.dataset.late ||= "1");
      if (late && -left < 60000) continue;
      const key = late ? (always ? "late" : "openLate") : always ? "left" : "openLeft";
      const words = text[key].replace("{}", span(Math.abs(left), text, always));
      if (node.textContent !== words) node.textContent = words;
      if (late) { node.classList.remove("tone-warning"); node.classList.add("tone-danger"); }
    }
  }
}
function startClocks() {
  const clock = $("[data-clock]");
  if (clock) skew = Number(clock.dataset.now) - Date.now();
  tick();
}
startClocks();
setInterval(tick, 10000);

// Live: a list that changed is fetched again and put in place of itself; a
// ticket that changed says so and keeps what is being typed.
const list = $("[data-live]"), shown = $("[data-ticket-page]");
let source, pending, fetching;
async function refresh() {
  pending = undefined;
  if (fetching) return later();
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const picked = new Set($$("[name=t]:checked").map((n) => n.value.split(":")[0])), at = document.activeElement?.closest?.(".row")?.dataset.ticket;
    list.replaceChildren(...$("[data-live]", page).childNodes);
    for (const box of $$("[name=t]", list)) box.checked = picked.has(box.value.split(":")[0]);
    const views = $(".views"), fresh = $(".views", page);
    if (views && fresh && !views.contains(document.activeElement)) views.replaceChildren(...fresh.childNodes);
    if (at) $(`.row[data-ticket="${CSS.escape(at)}"] .row-main a`)?.focus();
    startClocks();
    countPicked();
  } catch { /* the stream tells when the server is back */ } finally { fetching = false; }
}
const later = () => { pending ??= setTimeout(refresh, 1000); };
function changed(event) {
  const versions = JSON.parse(event.data);
  if (list && Object.keys(versions).length) later();
  const version = shown && versions[shown.dataset.ticketPage];
  if (version > Number(shown?.dataset.version)) $("[data-stale]").hidden = false;
}
function present(event) {
  const others = JSON.parse(event.data).filter((p) => p.staff !== shown.dataset.me), box = $("[data-present]");
  const say = (all, text) => all.length ? text.replace("{}", new Intl.ListFormat(lang).format(all.map((p) => p.name))) : "";
  box.textContent = [say(others.filter((p) => p.writing), box.dataset.writing), say(others.filter((p) => !p.writing), box.dataset.viewing)].filter(Boolean).join(" ");
  box.hidden = !others.length;
  box.classList.toggle("tone-warning", others.some((p) => p.writing));
}
let writing = false;
function connect() {
  source?.close();
  if (document.hidden || !(list || shown)) return;
  const query = shown ? `?ticket=${encodeURIComponent(shown.dataset.ticketPage)}${writing ? "&writing=1" : ""}` : "";
  source = new EventSource("/staff/live" + query);
  source.addEventListener("change", changed);
  if (shown) source.addEventListener("presence", present);
}
// A tab that nobody looks at holds no connection: a browser has few of them.
document.addEventListener("visibilitychange", () => { connect(); if (!document.hidden && list) later(); });
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
connect();
shown?.addEventListener("input", (event) => {
  if (writing || !event.target.matches("textarea")) return;
  writing = true;
  connect();
});

// How many are picked.
const bulk = $(".bulk-count"), help0 = bulk?.textContent;
function countPicked() {
  const n = $$("[name=t]:checked").length;
  if (bulk) bulk.textContent = n === 0 ? help0 : n === 1 ? bulk.dataset.single : bulk.dataset.many.replace("{}", n);
  $(".bulk")?.classList.toggle("on", n > 0);
}
document.addEventListener("change", (event) => { if (event.target.name === "t") countPicked(); });
countPicked();

// The keyboard. Single keys, so that they can be switched off (WCAG 2.1.4),
// and off while anything is typed.
const help = $("[data-help]"), onBox = $("[data-keys]");
const stored = (value) => {
  try { if (value) localStorage.setItem("desk-keys", value); return localStorage.getItem("desk-keys"); } catch { return null; }
};
let keysOn = stored() !== "off";
if (onBox) {
  onBox.checked = keysOn;
  onBox.addEventListener("change", () => { keysOn = onBox.checked; stored(keysOn ? "on" : "off"); });
}
$("[data-close]")?.addEventListener("click", () => help.close());
for (const button of $$("[data-open-help]")) { button.hidden = false; button.addEventListener("click", () => help?.showModal()); }
function step(by) {
  const links = $$(".row .row-main a"), at = links.indexOf(document.activeElement?.closest?.(".row") && $(".row-main a", document.activeElement.closest(".row")));
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
const row = () => document.activeElement?.closest?.(".row");
const focus = (selector) => { const node = $(selector); node?.closest("details")?.setAttribute("open", ""); node?.focus(); node?.scrollIntoView({ block: "center" }); return node; };
const keys = {
  j: () => step(1), k: () => step(-1),
  e: () => ($(".row-main a", row() ?? document.createElement("i")) ?? $(".row .row-main a"))?.click(),
  x: () => { const box = row() && $("[name=t]", row()); if (box) { box.checked = !box.checked; countPicked(); } },
  r: () => focus("[name=reply]") ?? (row() && (location.href = $(".row-main a", row()).href + "#f-reply")),
  n: () => focus("[name=note]") ?? (row() && (location.href = $(".row-main a", row()).href + "#f-note")),
  u: () => { if (shown) location.href = "/staff"; },
  "/": () => focus("#desk-q"),
  "?": () => help?.showModal(),
};
document.addEventListener("keydown", (event) => {
  if (!keysOn || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help?.open) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
if (/^#f-(reply|note)$/.test(location.hash)) focus(location.hash);

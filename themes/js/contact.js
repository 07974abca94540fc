// The contact form answers while one writes. Drafts go in the body of a
// request, never into an address.
const form = document.querySelector("[data-contact]");
if (form) start(form, form.querySelector("[data-suggestions]"));
document.querySelector("[data-focus]")?.focus();

function start(form, panel) {
  const text = panel.dataset, list = panel.querySelector("ol"), status = panel.querySelector("[role=status]");
  const lang = form.dataset.lang;
  const sends = { method: "POST", headers: { "Content-Type": "application/json" } };
  form.elements.script.value = "1";
  let timer, last = "", asked, reading;

  const value = (name) => form.elements[name].value;
  const report = (event, article, ms) => fetch("/api/v1/attempt", { ...sends, keepalive: true,
    body: JSON.stringify({ token: value("form_token"), lang, category: value("category"), event, article, ms }) }).catch(() => {});

  function make(tag, props, ...children) {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  }

  async function ask() {
    const draft = JSON.stringify({ lang, subject: value("subject"), body: value("message"), category: value("category"), token: value("form_token") });
    if (draft === last || (value("subject").trim().length < 3 && value("message").trim().length < 3)) return;
    last = draft;
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch("/api/v1/suggest", { ...sends, body: draft, signal: asked.signal });
      if (answer.ok) show((await answer.json()).suggestions);
    } catch { /* the form works without */ }
  }

  function show(found) {
    if (list.querySelector("details[open]")) return; // somebody is reading
    list.replaceChildren(...found.map(item));
    panel.hidden = !found.length;
    status.textContent = found.length === 1 ? text.single : found.length ? text.many.replace("{n}", found.length) : "";
  }

  function item(s) {
    const body = make("div", { className: "prose" });
    const excerpt = make("p");
    for (const part of s.excerpt?.length ? s.excerpt : [{ text: s.passage }]) excerpt.append(part.match ? make("mark", {}, part.text) : part.text);
    const solved = make("button", { type: "button", className: "button primary" }, text.solved);
    solved.addEventListener("click", () => finish(s));
    const page = make("a", { className: "button", href: s.url, target: "_blank", rel: "noopener" }, text.page);
    page.addEventListener("click", () => { if (reading) reading.page = true; });
    const details = make("details", {}, make("summary", {}, make("strong", {}, s.title), make("span", { className: "where" }, " " + s.section), excerpt), body, make("div", { className: "actions" }, solved, page));
    details.addEventListener("toggle", () => details.open ? open(s, body) : left());
    return make("li", {}, details);
  }

  async function open(s, body) {
    left();
    reading = { article: s.article, read: 0, since: Date.now() };
    report("opened", s.article);
    if (body.childElementCount) return;
    body.textContent = text.loading;
    try {
      const answer = await fetch(s.url.split("#")[0]);
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      body.replaceChildren(...page.querySelector("article .prose").childNodes);
      body.querySelectorAll("[id]").forEach((node) => node.removeAttribute("id"));
    } catch {
      body.textContent = text.failed;
    }
  }

  const read = () => reading.read + (reading.since ? Date.now() - reading.since : 0);
  function left() {
    if (reading) report("dwelt", reading.article, read());
    reading = undefined;
  }
  // Time in another tab is not spent reading, unless the article is open there.
  document.addEventListener("visibilitychange", () => {
    if (!reading) return;
    if (!document.hidden) {
      reading.page = false;
      reading.since ||= Date.now();
      return;
    }
    report("dwelt", reading.article, read());
    if (!reading.page) Object.assign(reading, { read: read(), since: 0 });
  });

  async function finish(s) {
    left();
    await report("confirmed", s.article);
    // The thanks take the page's place; a change of mind brings everything back.
    const page = document.querySelector("main > .page"), before = [...page.childNodes];
    const title = make("h1", { tabIndex: -1 }, text.thanks);
    const back = make("button", { type: "button", className: "button" }, text.back);
    back.addEventListener("click", () => { page.replaceChildren(...before); form.elements.message.focus(); });
    page.replaceChildren(make("header", { className: "page-head" }, title, make("p", {}, text.thanksText)),
      make("p", {}, make("a", { href: s.url }, s.title)),
      make("div", { className: "actions" }, make("a", { className: "button primary", href: text.homepath }, text.home), back));
    title.focus();
  }

  for (const name of ["subject", "message"]) form.elements[name].addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 400); });
  // Suggestions were on the page, so the message goes straight through. A
  // second click while the first is on its way sends nothing twice.
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) { event.preventDefault(); return; }
    sent = true;
    if (!panel.hidden) form.append(make("input", { type: "hidden", name: "send", value: "anyway" }));
  });
  addEventListener("pageshow", () => { sent = false; });
  ask();
}

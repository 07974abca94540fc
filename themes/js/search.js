// Search as you type: a WAI-ARIA combobox on top of the search form. The form
// works without it; Enter without a chosen option still submits it.
const pause = 120;

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function finder(form, number) {
  const input = form.querySelector("input[type=search]");
  const list = element("ul", { id: `found-${number}`, class: "listbox", role: "listbox", "aria-label": form.dataset.list, hidden: "" });
  const status = element("p", { class: "visually-hidden", role: "status" });
  form.append(list, status);
  for (const [key, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) input.setAttribute(key, value);

  let timer, request, chosen = -1, asked = "", offered = [];

  function close() {
    list.hidden = true;
    choose(-1);
    input.setAttribute("aria-expanded", "false");
  }

  function choose(index) {
    chosen = index;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    const option = list.children[index];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  // What was chosen among what, for the search log; what was only typed is not sent.
  function go(index) {
    const { url } = list.children[index].dataset;
    if (index < offered.length) navigator.sendBeacon("/api/v1/search/chosen", new Blob([JSON.stringify({ lang: form.dataset.lang, query: asked, articles: offered, chosen: index })], { type: "application/json" }));
    location.assign(url);
  }

  function option(index, url, ...children) {
    const node = element("li", { id: `found-${number}-${index}`, role: "option", "aria-selected": "false" }, ...children);
    node.addEventListener("mousedown", (event) => event.preventDefault());
    node.addEventListener("click", () => go(index));
    node.dataset.url = url;
    return node;
  }

  const searched = (query) => `${form.action}?q=${encodeURIComponent(query)}`;

  function beside(index, url, text, kind) {
    return option(index, url, element("strong", {}, text), element("small", {}, kind));
  }

  function show(query, { results, sections = [], queries = [] }) {
    const options = results.map((hit, i) => {
      const where = element("small", {});
      where.append(hit.section + (hit.heading ? " › " + hit.heading : ""));
      const title = element("strong", {});
      for (const part of hit.label || [{ text: hit.title }]) title.append(part.match ? element("mark", {}, part.text) : part.text);
      return option(i, hit.url, title, where);
    });
    for (const { title, url } of sections) options.push(beside(options.length, url, title, form.dataset.section));
    for (const often of queries) options.push(beside(options.length, searched(often), often, form.dataset.often));
    const all = option(options.length, searched(query), form.dataset.all.replace("%s", query));
    all.classList.add("all");
    list.replaceChildren(...options, all);
    offered = results.map((hit) => hit.id);
    list.hidden = false;
    choose(-1);
    input.setAttribute("aria-expanded", "true");
    status.textContent = results.length ? `${form.dataset.list}: ${results.length}` : form.dataset.none;
  }

  async function ask() {
    const query = input.value.trim();
    if (query.length < 2) return asked = "", close();
    if (query === asked && !list.hidden) return;
    asked = query;
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(`/api/v1/search?typing=1&limit=6&lang=${form.dataset.lang}&q=${encodeURIComponent(query)}`, { signal: request.signal });
      if (!answer.ok) return;
      const found = await answer.json();
      if (chosen < 0) show(query, found); // else the list must not change under somebody's choice
    } catch { /* typed on, or offline: the form still works */ }
  }

  input.addEventListener("input", () => { choose(-1); clearTimeout(timer); timer = setTimeout(ask, pause); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return ask();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = chosen + step;
      choose(next > last ? -1 : next < -1 ? last : next);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      go(chosen);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
}

document.querySelectorAll("[data-finder]").forEach(finder);

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const input = document.querySelector("main [data-finder] input, [data-finder] input");
  if (input) {
    event.preventDefault();
    input.focus();
    input.select();
  }
});

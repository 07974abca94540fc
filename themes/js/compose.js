// The reply form: macros and articles are chosen by typing and put in where
// the cursor stands. Without this script a list, a search and buttons do the
// same.
const form = document.querySelector("[data-compose]");
if (form) start(form);

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function start(form) {
  const text = form.dataset, reply = form.elements.reply, status = form.querySelector("[data-compose-status]");
  const address = `/staff/tickets/${text.compose}`;
  let cursor; // where the reply was left
  for (const name of ["keyup", "click", "input", "blur"]) reply.addEventListener(name, () => { cursor = [reply.selectionStart, reply.selectionEnd]; });

  // Typing it in keeps the browser's undo; where that is not to be had, the
  // text is set.
  function insert(piece) {
    const [from, to] = cursor || [reply.value.length, reply.value.length];
    const before = reply.value.slice(0, from), after = reply.value.slice(to);
    const lead = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    const tail = after && !after.startsWith("\n") ? "\n\n" : "";
    reply.focus();
    reply.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, lead + piece + tail)) reply.setRangeText(lead + piece + tail, from, to, "end");
    // The first thing left to fill in is chosen, ready to be typed over.
    const blank = /\[(?:à compléter|to fill in|[a-z_]+)\]/.exec(reply.value.slice(from));
    if (blank) reply.setSelectionRange(from + blank.index, from + blank.index + blank[0].length);
    cursor = [reply.selectionStart, reply.selectionEnd];
  }

  let macros;
  async function findMacros(query) {
    if (!macros) {
      const answer = await fetch(`${address}/macros`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      macros = (await answer.json()).macros;
    }
    const words = plain(query).split(/\s+/).filter(Boolean);
    const named = macros.filter((m) => words.every((w) => plain(m.name).includes(w)));
    const rest = macros.filter((m) => !named.includes(m) && words.every((w) => plain(m.name + " " + m.tags.join(" ") + " " + m.body).includes(w)));
    return [...named, ...rest].map((m) => ({ title: m.name, note: m.tags.join(", "), passage: m.body.split("\n").slice(2).join(" "), lang: m.lang, take: () => takeMacro(m) }));
  }

  function takeMacro(m) {
    insert(m.body);
    if (m.state) form.elements.then.value = m.state;
    form.append(element("input", { type: "hidden", name: "used", value: m.id }));
  }

  let asked;
  async function findArticles(query) {
    if (query.length < 2) return [];
    asked?.abort();
    asked = new AbortController();
    const answer = await fetch(`${address}/articles?lang=${text.lang}&q=${encodeURIComponent(query)}`, { signal: asked.signal, headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return (await answer.json()).articles.map((a) => ({ title: a.title, note: a.section, passage: a.passage, lang: a.lang, take: () => insert(a.insert) }));
  }

  const input = element("input", { type: "search", id: "f-macro", autocomplete: "off", placeholder: text.macroHelp });
  const box = form.querySelector("[data-macro-picker] .joined");
  box.replaceChildren(input);
  picker(input, text.macros, findMacros, 0);
  const find = form.querySelector("[data-article-picker] input");
  find.nextElementSibling.remove();
  find.placeholder = text.articleHelp;
  find.removeAttribute("name"); // the form is sent without it
  find.value = "";
  picker(find, text.articles, findArticles, 150);

  // A list below a field, moved in with the arrows: a WAI-ARIA combobox.
  function picker(input, label, search, pause) {
    const list = element("ul", { id: `${input.id}-list`, class: "listbox", role: "listbox", "aria-label": label, hidden: "" });
    input.after(list);
    for (const [key, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) input.setAttribute(key, value);
    let found = [], chosen = -1, timer;

    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      choose(-1);
    }
    function choose(index) {
      chosen = index;
      [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
      if (index < 0) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
    function take(index) {
      const item = found[index];
      input.value = "";
      close();
      item.take();
    }
    async function show() {
      try {
        found = await search(input.value.trim());
      } catch { return close(); } // the reply itself still works
      list.replaceChildren(...found.map((item, i) => {
        const option = element("li", { id: `${input.id}-${i}`, role: "option", "aria-selected": "false", lang: item.lang },
          element("strong", {}, item.title), element("small", {}, item.note), element("p", {}, item.passage));
        option.addEventListener("mousedown", (event) => event.preventDefault());
        option.addEventListener("click", () => take(i));
        return option;
      }));
      list.hidden = !found.length;
      input.setAttribute("aria-expanded", String(found.length > 0));
      choose(found.length && input.value.trim() ? 0 : -1);
      status.textContent = found.length ? `${label}: ${found.length}` : input.value.trim() ? text.none : "";
    }
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, pause); });
    input.addEventListener("focus", show);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      const last = list.children.length - 1;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) return show();
        choose(event.key === "ArrowDown" ? (chosen < last ? chosen + 1 : 0) : (chosen > 0 ? chosen - 1 : last));
      } else if (event.key === "Enter") {
        event.preventDefault(); // never sends the reply
        if (chosen >= 0) take(chosen);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        event.stopPropagation();
        close();
      }
    });
  }

  reply.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.querySelector("[value=send]").click();
  });
  // A second click while the first is on its way sends nothing twice.
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => { sent = false; });
}

// What articles can do: copy code, tabs, videos on demand, the contents list
// that follows the reader, the vote.

document.querySelectorAll(".code-copy, .video-play").forEach((button) => { button.hidden = false; });

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".code-copy");
  if (!button) return;
  const code = button.closest(".code").querySelector("pre code, pre");
  // The prompt of a console session is not part of the command.
  const text = code.cloneNode(true);
  text.querySelectorAll(".gp, .go").forEach((node) => node.remove());
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText((text.textContent.trim() ? text : code).textContent.replace(/\n+$/, ""));
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 2000);
  } catch {
    getSelection().selectAllChildren(code);
  }
});

function tabs(box, number) {
  const panels = [...box.querySelectorAll(":scope > .tab")];
  const names = panels.map((panel) => panel.getAttribute("aria-label"));
  const list = document.createElement("div");
  list.className = "tablist";
  list.setAttribute("role", "tablist");
  const buttons = panels.map((panel, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.id = `tab-${number}-${i}`;
    button.textContent = names[i];
    button.setAttribute("role", "tab");
    panel.id ||= `panel-${number}-${i}`;
    button.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.removeAttribute("aria-label");
    panel.setAttribute("aria-labelledby", button.id);
    button.addEventListener("click", () => select(i, true));
    list.append(button);
    return button;
  });
  function select(index, remember) {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", String(i === index));
      button.tabIndex = i === index ? 0 : -1;
      panels[i].hidden = i !== index;
    });
    if (!remember) return;
    try { localStorage.setItem("tab", names[index]); } catch { /* not remembered */ }
  }
  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement), last = buttons.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[to].focus();
    select(to, true);
  });
  box.prepend(list);
  let wanted = -1;
  try { wanted = names.indexOf(localStorage.getItem("tab")); } catch { /* first tab */ }
  const linked = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const target = panels.findIndex((panel) => linked && panel.contains(linked));
  select(Math.max(target < 0 ? wanted : target, 0), false);
}
document.querySelectorAll(".tabs").forEach(tabs);

document.addEventListener("click", (event) => {
  const button = event.target.closest(".video-play");
  if (!button) return;
  const frame = document.createElement("iframe");
  frame.src = button.dataset.src;
  frame.title = button.dataset.title;
  frame.allow = "fullscreen; picture-in-picture";
  frame.referrerPolicy = "no-referrer";
  frame.width = 640;
  frame.height = 360;
  button.parentElement.replaceWith(frame);
  frame.focus();
});

// The entry of the section being read; the observer only says when to look.
const contents = document.querySelector(".toc");
if (contents) {
  const entries = [...contents.querySelectorAll("a")].map((link) => [link, document.getElementById(decodeURIComponent(link.hash.slice(1)))]).filter(([, heading]) => heading);
  const mark = () => {
    const read = entries.findLast(([, heading]) => heading.getBoundingClientRect().top < innerHeight * 0.4);
    for (const entry of entries) entry === read ? entry[0].setAttribute("aria-current", "true") : entry[0].removeAttribute("aria-current");
  };
  const observer = new IntersectionObserver(mark, { rootMargin: "0px 0px -60% 0px" });
  entries.forEach(([, heading]) => observer.observe(heading));
}

function vote(box) {
  const [question, reasons] = box.querySelectorAll("form");
  const status = box.querySelector(".vote-status");
  async function send(form, submitter) {
    const data = new FormData(form, submitter);
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data), headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const no = data.get("value") === "no";
      question.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button.value === data.get("value"))));
      reasons.hidden = !no || form === reasons;
      status.className = "vote-status";
      status.textContent = no && form === question ? "" : box.dataset.thanks;
      if (!reasons.hidden) reasons.querySelector("input[type=radio]").focus();
    } catch {
      status.className = "vote-status failed";
      status.textContent = box.dataset.failed;
    }
  }
  for (const form of [question, reasons]) {
    form.addEventListener("submit", (event) => { event.preventDefault(); send(form, event.submitter); });
  }
}
document.querySelectorAll("[data-vote]").forEach(vote);

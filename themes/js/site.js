// The theme toggle; boot.js applies what it stored before the next page paints.
const toggle = document.querySelector("[data-theme-toggle]");
if (toggle) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const say = () => toggle.setAttribute("aria-pressed", String(isDark()));
  toggle.hidden = false;
  say();
  system.addEventListener("change", say);
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* until the next page */ }
    say();
  });
}

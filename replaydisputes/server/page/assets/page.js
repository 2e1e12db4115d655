// The page works without this file; it adds the theme button, the dialog, and where the eye and the focus go.
const THEME = "replaydisputes-theme";
const root = document.documentElement;

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null; // storage may be off, as from file:// in some browsers
  }
}

function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function choose(theme) {
  root.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // the choice then lasts as long as the page
  }
}

// Before the body is drawn, or the other theme would flash up.
if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();

function themeButton() {
  const button = document.querySelector("[data-theme-toggle]");
  const name = () => (button.textContent = isDark() ? "Light theme" : "Dark theme");
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    choose(isDark() ? "light" : "dark");
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
}

function dialogs() {
  for (const link of document.querySelectorAll("[data-instead-of=dialog]")) link.hidden = true;
  for (const opener of document.querySelectorAll("[data-opens]")) {
    const dialog = document.getElementById(opener.dataset.opens);
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
}

function showNews() {
  const latest = document.getElementById("latest");
  for (const box of document.querySelectorAll(".scroll")) {
    const news = box.querySelector(".changed") ?? (latest?.contains(box) && box.querySelector(".body"));
    if (news) box.scrollTop = news.offsetTop - box.clientHeight / 2;
  }
  if (latest && location.hash === "#latest") latest.focus();
}

document.addEventListener("DOMContentLoaded", () => {
  themeButton();
  dialogs();
  showNews();
});

// Light or dark: as the system has it, or as the user chose. Runs before anything is drawn.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("inkproof-theme");
  const apply = () => {
    document.documentElement.dataset.theme = chosen() ?? (dark.matches ? "dark" : "light");
    const button = document.getElementById("theme");
    if (!button) return;
    const isDark = document.documentElement.dataset.theme === "dark";
    button.textContent = isDark ? "☀" : "☾";
    button.setAttribute("aria-label", isDark ? "Light colours" : "Dark colours");
    button.title = button.getAttribute("aria-label");
  };
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", () => {
      const isDark = document.documentElement.dataset.theme === "dark";
      localStorage.setItem("inkproof-theme", isDark ? "light" : "dark");
      apply();
    });
    apply();
  });
})();

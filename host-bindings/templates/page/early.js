// Before anything is shown, so that nothing moves afterwards.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const language = localStorage.getItem("hostfn-language");
    if (language) root.dataset.language = language;
  } catch {
    // No storage, as in a private window: the first language it is.
  }
})();

(() => {
  "use strict";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // A box that scrolls can be reached with the keyboard, and one that does not is no stop on the way.
  const boxes = all("pre");
  const updateBoxes = () => {
    const scrolls = boxes.map((box) => box.scrollWidth > box.clientWidth);
    boxes.forEach((box, place) => {
      if (scrolls[place]) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", box.dataset.label ?? "Code");
      } else {
        box.removeAttribute("tabindex");
        box.removeAttribute("role");
        box.removeAttribute("aria-label");
      }
    });
  };

  // One choice of language for the whole page, and the next visit.
  const radios = all(".languages input");
  const languages = new Set(radios.map((radio) => radio.value));
  const choose = (language) => {
    root.dataset.language = language;
    radios.forEach((radio) => {
      radio.checked = radio.value === language;
    });
  };
  choose(languages.has(root.dataset.language) ? root.dataset.language : [...languages][0]);
  radios.forEach((radio) => {
    radio.addEventListener("change", () => {
      const before = radio.getBoundingClientRect().top;
      choose(radio.value);
      // Snippets above have other lengths now; what was clicked stays under the pointer.
      window.scrollBy({ top: radio.getBoundingClientRect().top - before, behavior: "instant" });
      updateBoxes();
      try {
        localStorage.setItem("hostfn-language", radio.value);
      } catch {
        // It holds for this visit.
      }
    });
  });

  // The contents are beside the page where there is room, and folded above it where there is none.
  const menu = byId("site-menu");
  const isWide = matchMedia("(min-width: 60rem)");
  const fold = () => {
    menu.open = isWide.matches;
  };
  fold();
  isWide.addEventListener("change", fold);

  const box = byId("search-box");
  const entries = all("article").map((article) => ({
    article,
    isType: article.classList.contains("type"),
    link: menu.querySelector(`a[href="#${CSS.escape(article.id)}"]`)?.parentElement,
    text: [article.id, ...all("[data-find]", article).map((part) => part.textContent)].join(" ").toLowerCase(),
  }));
  const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const search = () => {
    const query = box.value.trim();
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = entries.filter((entry) => words.every((word) => entry.text.includes(word)));
    const shown = new Set(found);
    entries.forEach((entry) => {
      entry.article.hidden = !shown.has(entry);
      if (entry.link) entry.link.hidden = !shown.has(entry);
    });
    all("[data-intro]").forEach((part) => {
      part.hidden = words.length > 0;
    });
    all(".group").forEach((group) => {
      group.hidden = words.length > 0 && !group.querySelector("article:not([hidden])");
    });
    all("nav ul").forEach((list) => {
      const isEmpty = words.length > 0 && !list.querySelector("li:not([hidden])");
      list.hidden = isEmpty;
      if (list.previousElementSibling?.tagName === "P") list.previousElementSibling.hidden = isEmpty;
    });
    const types = found.filter((entry) => entry.isType).length;
    const functions = found.length - types;
    const hits = [functions && count(functions, "function"), types && count(types, "type")].filter(Boolean).join(" and ");
    byId("search-status").textContent = !words.length
      ? ""
      : found.length
        ? `Found ${hits} for “${query}”`
        : `Nothing matches “${query}”`;
    byId("search-result").hidden = !words.length;
    byId("search-empty").hidden = found.length > 0;
    updateBoxes();
  };
  const clear = () => {
    box.value = "";
    search();
  };
  box.addEventListener("input", () => {
    search();
    window.scrollTo({ top: 0, behavior: "instant" });
  });
  byId("search-clear").addEventListener("click", () => {
    clear();
    box.focus();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "/" && !event.target.closest("input[type=search], textarea, [contenteditable]")) {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "Escape") {
      if (box.value) clear();
      else if (document.activeElement === box) box.blur();
    }
  });

  // A link leads where it says, whatever is searched for.
  const target = () => byId(decodeURIComponent(location.hash.slice(1)));
  const arrive = () => {
    if (target()?.closest("[hidden]")) {
      clear();
      target().scrollIntoView();
    }
    all("nav a").forEach((link) => {
      if (location.hash && link.getAttribute("href") === location.hash) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link) return;
    if (menu.contains(link) && !isWide.matches) menu.open = false;
    if (byId(decodeURIComponent(link.hash.slice(1)))?.closest("[hidden]")) clear();
  });
  window.addEventListener("hashchange", arrive);
  window.addEventListener("resize", updateBoxes);
  arrive();
  updateBoxes();
})();

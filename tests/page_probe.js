// Run in a page: lists of what is wrong, and a few numbers. A closed statement shows no formula, so all are opened.
() => {
  document.querySelectorAll("details").forEach(one => { one.open = true; });
  const told = node => `${node.localName} ${(node.textContent || node.src || "").trim().slice(0, 60)}`;
  const boxless = node => { const box = node.getBoundingClientRect(); return !(box.width > 0 && box.height > 0); };
  const shown = node => node.checkVisibility() && node.textContent.trim();

  // What a browser renders of MathML; anything else is shown as a bare row of its children.
  const core = new Set(["annotation", "annotation-xml", "maction", "math", "merror", "mfrac", "mi", "mmultiscripts",
    "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle",
    "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics"]);
  // A long formula is there for wide and for narrow columns; the other one of the two is not shown.
  const formulas = [...document.querySelectorAll("math")].filter(math => {
    const form = math.closest(".broad, .narrow");
    return !form || getComputedStyle(form).display !== "none";
  });
  const unrendered = formulas.filter(math =>
    boxless(math) || !getComputedStyle(math).display.includes("math") || /[\\$]/.test(math.textContent)
    || [...math.querySelectorAll("*")].some(part => !core.has(part.localName) || part.localName === "merror"
      || (part.matches("mi, mn, mo, mtext") && /[^\s\u2061-\u2064]/.test(part.textContent) && boxless(part))));
  // A formula that was never turned into one.
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = new Set();
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && shown(parent)) texts.add(parent);
  }
  const raw = [...texts].filter(node => /\\[a-z]+\W|\$[^$]+\$/.test(node.textContent) && !node.closest("math"));

  // Contrast as in WCAG 2, over the nearest background that is painted.
  const numbers = colour => colour.match(/[\d.]+/g).map(Number);
  const light = colour => numbers(colour).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = node => {
    const style = getComputedStyle(node), ink = node.closest("svg") ? style.fill : style.color;
    const [dim, bright] = [light(ink), light(behind(node))].sort((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05);
  };
  // Scripts of a formula are smaller than the text around it.
  const smallest = node => node.closest("math") ? 8.4 : 11.9;
  const size = node => parseFloat(getComputedStyle(node).fontSize);

  return {
    images: [...document.images].filter(one => !one.complete || !one.naturalWidth || boxless(one)).map(told),
    formulas: [...unrendered, ...raw].map(told),
    // Higher than its box, or wider and without a way to scroll it by the keyboard.
    cut: [...document.querySelectorAll(".formula")].filter(one => one.scrollHeight > one.clientHeight + 3
      || (one.scrollWidth > one.clientWidth + 1 && !(getComputedStyle(one).overflowX === "auto" && one.tabIndex >= 0))).map(told),
    // Wider than its column, though a keyboard can scroll it; a number of 40 digits cannot be helped.
    scrolled: [...document.querySelectorAll(".formula")].filter(one => one.scrollWidth > one.clientWidth + 1
      && !/\d{40}/.test(one.textContent)).map(told),
    // An ASCII power, Greek name or root in a sentence.
    ascii: [...texts].filter(node => !node.closest("code, math, th, td, .rule") && /\^|\b(alpha|omega|sigma|sqrt|Phi0?)\b/.test(node.textContent)).map(told),
    small: [...texts].filter(node => size(node) < smallest(node)).map(node => `${size(node)} px: ${told(node)}`),
    faint: [...texts].filter(node => contrast(node) < 4.5).map(node => `${contrast(node).toFixed(1)}: ${told(node)}`),
    wide: document.documentElement.scrollWidth > innerWidth ? [`${document.documentElement.scrollWidth} px`] : [],
    counts: [document.images.length, formulas.length, texts.size],
    paper: light(behind(document.body)),
  };
}

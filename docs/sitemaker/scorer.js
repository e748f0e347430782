// Weights of the search: those of Sphinx, but answers stand before pictures, sources and the list of all messages.
var Scorer = {
  score: ([docname, title, anchor, descr, score]) =>
    score + (docname === "questions" ? 25 : 0) - (/^(gallery|genindex)/.test(docname) ? 5 : 0)
    - (docname === "reference/errors" && !anchor ? 12 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

/* The order of search results: by how many words of the query stand in the title of a page or of a section, then by the
   scores of Sphinx, which are its defaults. Sphinx alone takes the best word of a query, so all pages with one of its
   words in a title are in the order of the alphabet. */
var Scorer = {
  score: ([page, title, anchor, description, score]) => {
    const query = new URLSearchParams(window.location.search).get("q") || "";
    const words = query.toLowerCase().split(/\s+/).filter((word) => word && !stopwords.has(word));
    const titled = title.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    return score + 20 * words.filter((word) => titled.some((other) => other.startsWith(word))).length;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

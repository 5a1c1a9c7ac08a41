/* The search, in place of Sphinx's, which demands every word of a query. Names are the titles of pages and sections,
   their synonyms, the terms of the glossary and the names of the API. A place has the cosine between the query and its
   best name, in which rare words weigh more; a page also has shares of the query that stand in its names and its text.
   The sections of found mistakes are text, since they are about other libraries. */
Search._performSearch = (query) => {
  const { titles, alltitles, indexentries, terms, titleterms, docnames, filenames } = Search._index;
  const stemmer = new Stemmer();
  const stems = (text) => {
    const all = text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    const some = all.filter((word) => !stopwords.has(word));
    return [...new Set((some.length ? some : all).map((word) => stemmer.stemWord(word)))];
  };
  const files = (word) => [terms, titleterms].flatMap((index) => (Object.hasOwn(index, word) ? index[word] : []));
  const weights = new Map();
  const weight = (word) => {
    if (!weights.has(word)) weights.set(word, Math.log(1 + titles.length / (1 + files(word).length)) ** 2);
    return weights.get(word);
  };
  const product = (a, b) => {
    const [short, long] = a.length < b.length ? [a, b] : [b, a];
    const isPart = short.length > 3 && long.length < short.length + 4 && long.startsWith(short);
    return (a === b ? 1 : isPart ? 0.7 : 0) * Math.sqrt(weight(a) * weight(b));
  };
  const sum = (words, of = weight) => words.reduce((total, word) => total + of(word), 0);
  const asked = stems(query);
  const common = (words) => sum(asked, (one) => Math.max(0, ...words.map((word) => product(one, word))));
  const cosine = (words) => common(words) / Math.sqrt(sum(asked) * sum(words));

  const places = new Map(); // by page and anchor
  const named = (name, file, anchor, title, description = null) => {
    const key = `${file}#${anchor}`, words = stems(name);
    if (!places.has(key)) places.set(key, { file, anchor, title, description, words: [], score: 0 });
    const place = places.get(key);
    place.words.push(...words);
    place.score = Math.max(place.score, cosine(words));
  };
  for (const [title, found] of Object.entries(alltitles))
    for (const [file, id] of found)
      if (!id) named(title, file, "", title);
      else if (!docnames[file].startsWith("found/")) named(title, file, id, `${titles[file]} > ${title}`);
  for (const [entry, found] of Object.entries(indexentries))
    for (const [file, id] of found)
      if (id.startsWith("funcnn.")) named(id.split(".").at(-1), file, id, id);
      else named(entry, file, id, titles[file], entry);

  const isName = ({ anchor }) => anchor.startsWith("funcnn."); // of the API: a result of its own
  const results = [...places.values()]
    .filter((place) => isName(place) && place.score > 0.3)
    .map((place) => ({ ...place, score: (place.score * 5) / 3 })); // its shares are those of its name
  for (const [file, title] of titles.entries()) {
    const own = [...places.values()].filter((place) => place.file === file && !isName(place));
    const best = own.reduce((a, b) => (b.score > a.score ? b : a), { file, anchor: "", title, description: null, score: 0 });
    const text = asked.filter((word) => files(word).includes(file));
    const score = best.score + (common(own.flatMap(({ words }) => words)) + sum(text)) / sum(asked) / 3;
    if (score) results.push({ ...best, score });
  }
  document.getElementById("search-progress")?.replaceChildren();
  const most = Math.max(...results.map(({ score }) => score));
  return results
    .filter(({ score }) => score > most / 5)
    .reverse() // of equal scores, Sphinx shows the last one first
    .sort((a, b) => a.score - b.score)
    .map((r) => [docnames[r.file], r.title, r.anchor && `#${r.anchor}`, r.description, r.score, filenames[r.file], "text"]);
};

// The equations of a rule, the meanings of their symbols, and the cost after the step.

// As the docstrings of the rule and of the class write them; else as the operations of the rule compute its first numbers.
function equationsOf(step) {
  const { sources = {}, symbols = {} } = page.trainer.choice, [phase, path, kind] = where.ready.program.steps[step]
  const written = sources[`${phase} ${kind}`] || sources[phase] || [], shown = shownNames()
  const known = (symbols[`${phase} ${path} ${kind}`] || symbols[`${phase} ${kind}`] || symbols[phase] || []).filter(([name]) => !shown.has(name))
  const lines = written.length ? written.map((line) => formula(line)) : computedAs()
  return [...lines.map((line) => make("p", { class: "equation" }, make("code", {}, ...line))),
    known.length ? make("dl", { class: "symbols" }, ...known.map(([name, says]) => make("div", {}, make("dt", {}, make("code", {}, ...formula(name))), make("dd", {}, ...formula(says))))) : ""]
}

const shownNames = () => new Set(Object.values(where.values).flat().map((value) => nameHere(value).split(".").at(-1)))

// "dx[0,0] = dA[0,0] · slope[0,0]", of each array that the rule makes.
function computedAs() {
  const { between, made } = where.values, { ready, names } = where
  return [...between, ...made].filter((value) => sizeOf(ready.shapes[value])).slice(0, 8).map((value) => [`${entryHere(value, 0)} = ${byName(hereView(), expressionOf(ready, names, value, 0))}`])
}

// x^T, c_{t-1} and sum_kc with their T above and their index below the line.
function formula(text) {
  return text.split(/(\^T\b|\^\w\b|_\{[^}]*\}|(?<=\bsum)_[a-z]+\b|(?<=\w)_\w\b)/).map((part) =>
    part[0] === "^" ? make("sup", {}, part.slice(1)) : part[0] === "_" ? make("sub", {}, part.slice(1).replace(/[{}]/g, "")) : part)
}

const costAfter = () => `The cost is ${short(page.trainer.cost)}. With the parameters after this step it is ${short(costOfNext())}.`

// The cost with the parameters of the outputs; the parameters stay.
function costOfNext() {
  const { present, arrays } = page.trainer, moved = Object.entries(present.outputs).filter(([name]) => name.startsWith("params.") && arrays.has(name))
  const after = moved.map(([, a]) => a.slice()), before = moved.map(([name]) => arrays.get(name).slice())
  const put = (numbers) => moved.forEach(([name], i) => arrays.get(name).set(numbers[i]))
  put(after)
  present.run()
  const found = page.trainer.cost
  put(before)
  present.run()
  return found
}

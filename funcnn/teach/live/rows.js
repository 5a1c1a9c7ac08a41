// Fewer rows: the first n of the data, with the programs that were recorded for n rows.

const ALL = page.data
const COUNTS = [ALL.rows, ...Object.keys(ALL.choices[0].fewer || {}).map(Number).sort((a, b) => b - a)]

function withRows(n) {
  if (n === ALL.rows) return ALL
  const cut = (part) => ({ ...part, shape: [n, ...part.shape.slice(1)], data: Array.isArray(part.data) ? part.data.slice(0, part.data.length / ALL.rows * n) : part.data })
  return { ...ALL, rows: n, x: ALL.x.map(cut), y: ALL.y.map(cut), choices: ALL.choices.map((choice) => ({ ...choice, ...choice.fewer[n] })) }
}

// The same network goes on with another number of rows.
function openRows(n) {
  const before = page.trainer
  play(false)
  page.data = withRows(n)
  page.row = 0
  openChoice($("choice").selectedIndex)
  for (const [name, array] of before.arrays) if (/^(params|optimizer)\./.test(name) && page.trainer.arrays.has(name)) page.trainer.arrays.get(name).set(array)
  Object.assign(page.trainer, { costs: before.costs, ways: before.ways })
  changed()
  say(`Training on ${n} rows`)
}

$("rows").append(...COUNTS.map((n) => make("option", { value: n }, String(n))))
$("rows").closest(".field").hidden = COUNTS.length < 2
$("rows").addEventListener("change", () => openRows(Number($("rows").value)))

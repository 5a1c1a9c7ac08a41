// Rows as a table: what the network is given, what it says, and what it should say.

const MOST_ROWS = 60
let table = null

// As many inputs and outputs as a card has room for.
const mostOf = (n, k) => n > 5 && k > 2 ? [2, 2] : [5, 3]

const VIEW = {
  hint: "out is the prediction, y the wanted output. Choose a row to see its outputs in the network, and a number to see where it comes from.",
  build() {
    const { data, trainer } = page, x = data.x[0], n = sizeOf(x.shape.slice(1)), k = trainer.out.length / data.rows
    const [MOST_INPUTS, MOST_OUTPUTS] = mostOf(n, k)
    const inputs = Array.from({ length: Math.min(n, MOST_INPUTS) }, (_, i) => n === 1 ? "x" : `x[${indexOf(i, x.shape.slice(1)).join(",")}]`)
    if (n > MOST_INPUTS) inputs.push("…")
    const outputs = Array.from({ length: Math.min(k, MOST_OUTPUTS) }, (_, i) => k === 1 ? "out" : `out[${i}]`)
    if (k > MOST_OUTPUTS) outputs.push(data.classes ? "class" : "…")
    table = []
    const body = Array.from({ length: Math.min(data.rows, MOST_ROWS) }, (_, row) => {
      const cells = [], says = make("td"), cell = (i, count, most, isOut) => {
        if (i >= most) return isOut ? says : make("td")
        const button = numberButton()
        cells.push({ button, isOut, place: row * count + i })
        return make("td", {}, button)
      }
      const y = make("td"), head = make("button", { type: "button", class: "number", "aria-pressed": "false", click: () => { page.row = row; changed() } }, String(row))
      const line = make("tr", {}, make("th", { scope: "row" }, head), ...inputs.map((_, i) => cell(i, n, MOST_INPUTS, false)), ...outputs.map((_, i) => cell(i, k, MOST_OUTPUTS, true)), y)
      table.push({ cells, says, y, line, head })
      return line
    })
    return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Rows" }, make("table", { class: "rows" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "row"), ...inputs.map((name) => make("th", { scope: "col" }, name)), ...outputs.map((name) => make("th", { scope: "col", class: "says" }, name)), make("th", { scope: "col" }, "y"))),
      make("tbody", {}, ...body)),
      data.rows > MOST_ROWS ? make("p", { class: "note" }, `The first ${MOST_ROWS} of ${data.rows} rows.`) : null)
  },
  draw() {
    const { data, trainer } = page, { present } = trainer, y = trainer.arrays.get("y") || trainer.arrays.get("y.0"), each = y ? y.length / data.rows : 0, [, MOST_OUTPUTS] = mostOf(sizeOf(data.x[0].shape.slice(1)), trainer.out.length / data.rows)
    const result = present.program.outputs.out ?? present.program.outputs["out.0"], input = present.program.inputs.findIndex(([name]) => /^x(\.0)?$/.test(name))
    table.forEach(({ cells, says, y: last, line, head }, row) => {
      for (const { button, isOut, place } of cells) {
        const own = isOut ? result : input
        showNumber(button, short(present.values[own][place], isOut ? 3 : 2), own, place, isOut ? "out" : "x")
      }
      if (data.classes) write(says, String(said(data, trainer.out, row)))
      write(last, !each ? "" : data.classes && each === 1 ? String(y[row]) : Array.from(y.slice(row * each, row * each + Math.min(each, MOST_OUTPUTS)), (v) => short(v, 2)).join(", "))
      const isWrong = data.classes && each === 1 && said(data, trainer.out, row) !== y[row]
      set(line, { class: `${isWrong ? "wrong" : ""}${page.row === row ? " current" : ""}` })
      set(head, { "aria-pressed": page.row === row })
    })
  },
}

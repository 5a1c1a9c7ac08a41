// The arrays of a rule as tables of buttons, a page at a time; a large one has a map of colours too.

const MOST_CELLS = [6, 12]  // rows and columns of a page
const MOST_NUMBERS = 144  // an array with more has a map
const MAP = [64, 96]  // rows and columns of a map

function arrayElement(value) {
  const { ready } = where, shape = ready.shapes[value], name = nameHere(value)
  const last = name.split(".").at(-1).replace(/[₀-₉′]+$/, ""), of = last === "dA" ? "out" : last.slice(1)
  const meaning = !name ? `from ${stepTitle(ready.program.steps[where.names[value].step])}` : /^d([A-Za-z]|[a-z]\w*)$/.test(last) ? `∂cost / ∂${of}` : ""
  const array = { value, shape, name: name || "kept", width: shape.at(-1) ?? 1, box: make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name || "kept" }), more: make("p", { class: "note" }) }
  array.height = sizeOf(shape) / array.width || 0
  array.map = sizeOf(shape) > MOST_NUMBERS ? mapOf(array) : null
  where.arrays.set(value, array)
  const { chosen } = page, at = chosen && chosen.value === value ? chosen.place : 0
  showPage(array, Math.floor(at / array.width), at % array.width)
  return make("figure", {}, make("figcaption", {}, make("b", {}, array.name), make("span", { class: "note" }, ` ${shape.length ? shape.join(" × ") : "one number"} ${meaning}`)), array.map && array.map.canvas, array.box, array.more)
}

// The page with this row and column; rows are those of the last axis, and have the indices of the others.
function showPage(array, row, column) {
  const { value, shape, width, height, name } = array, [most, across] = MOST_CELLS
  const top = Math.floor(row / most) * most, left = Math.floor(column / across) * across
  const rows = Math.min(height - top, most), columns = Math.min(width - left, across), cells = []
  const lines = Array.from({ length: rows }, (_, i) => make("tr", {}, shape.length > 1 ? make("th", { scope: "row" }, indexOf(top + i, shape.slice(0, -1)).join(",")) : null, ...Array.from({ length: columns }, (_, j) => {
    const place = (top + i) * width + left + j, button = make("button", { type: "button", click: () => choose(value, place, true) })
    cells.push({ button, place })
    return make("td", {}, button)
  })))
  const head = shape.length && width > 1 ? make("thead", {}, make("tr", {}, shape.length > 1 ? make("td") : null, ...Array.from({ length: columns }, (_, j) => make("th", { scope: "col" }, String(left + j))))) : null
  array.cells = cells
  array.box.replaceChildren(make("table", { "aria-label": name }, head, make("tbody", {}, ...lines)))
  array.more.replaceChildren(...turns(array, "rows", top, rows, height, most, (to) => [to, left]), " ", ...turns(array, "columns", left, columns, width, across, (to) => [top, to]))
}

// "← rows 6 to 11 of 30 →"
function turns(array, what, first, count, all, most, place) {
  if (all <= most) return []
  const turn = (text, to) => make("button", { type: "button", class: "number", "aria-label": `${text} ${what} of ${array.name}`, click: () => {
    showPage(array, ...place(to))
    drawWhere()
    const again = array.more.querySelector(`[aria-label^="${text} ${what}"]`) || array.more.querySelector("button")
    again.focus()
  } }, text === "earlier" ? "←" : "→")
  return [first ? turn("earlier", first - most) : "", `${what} ${first} to ${first + count - 1} of ${all} `, first + most < all ? turn("later", first + most) : ""]
}

// All numbers as colours, blue above 0 and orange below; a click turns to the page there.
function mapOf(array) {
  const rows = Math.min(array.height, MAP[0]), columns = Math.min(array.width, MAP[1])
  const canvas = make("canvas", { class: "map", role: "img", click: ({ offsetX, offsetY }) => {
    showPage(array, Math.floor(offsetY / canvas.clientHeight * array.height), Math.floor(offsetX / canvas.clientWidth * array.width))
    drawWhere()
  } })
  canvas.style.aspectRatio = `${columns} / ${rows}`
  canvas.style.width = `min(100%, ${Math.max(3, columns / 2)}rem)`
  return { canvas, rows, columns }
}

function drawMap({ value, name, width, height, map: { canvas, rows, columns } }) {
  const numbers = where.ready.values[value], most = sizeOfMost(numbers) || 1, { context, image } = pixelsOf(canvas, columns, rows), ground = colour("card")
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
    const v = numbers[Math.floor(i * height / rows) * width + Math.floor(j * width / columns)] / most
    paint(image.data, 4 * (i * columns + j), ground, signed(v), Math.abs(v) || 0)
  }
  context.putImageData(image, 0, 0)
  const low = numbers.reduce((a, b) => Math.min(a, b), Infinity), high = numbers.reduce((a, b) => Math.max(a, b), -Infinity)
  set(canvas, { "aria-label": `${name} as colours, from ${short(low)} to ${short(high)}` })
}

// The arrays of a rule as tables of buttons, a page at a time; a large one has a map of colours too.

const MOST_CELLS = [6, 10]  // rows and columns of a page
const MOST_NUMBERS = 144  // an array with more has a map
const MAP = [64, 128]  // rows and columns of a map

function arrayElement(value) {
  const { ready } = where, shape = ready.shapes[value], name = nameHere(value)
  const last = name.split(".").at(-1).replace(/[₀-₉′]+$/, ""), of = last === "dA" ? "out" : last.slice(1)
  const meaning = !name ? `from ${stepTitle(ready.program.steps[where.names[value].step])}` : /^d\w+$/.test(last) ? `∂cost / ∂${of}` : ""
  const array = { ...laidOut(value, shape), name: name || "kept", box: make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name || "kept" }), more: make("p", { class: "note" }), range: make("span", { class: "note" }) }
  array.map = sizeOf(shape) > MOST_NUMBERS ? make("canvas", { class: "map", role: "img", click: (event) => turnTo(array, event) }) : null
  where.arrays.set(value, array)
  showPage(array, ...(page.chosen && page.chosen.value === value ? cellOf(array, page.chosen.place) : [0, 0]))
  return make("figure", {}, make("figcaption", {}, make("b", {}, array.name), make("span", { class: "note" }, ` ${shape.length ? shape.join(" × ") : "one number"} ${meaning}`), array.range), array.map, array.box, array.more)
}

// The axes of an array in their order here: the last one is that of columns, the one before that of rows; of images and
// kernels these are their rows and columns, not channels.
function laidOut(value, shape) {
  const isImage = shape.length === 4 && page.data.x[0].shape.length === 4, isKernel = isImage && shape[0] !== page.data.rows
  const axes = isKernel ? [2, 3, 0, 1] : isImage ? [0, 3, 1, 2] : shape.map((_, axis) => axis)
  const lengths = axes.map((axis) => shape[axis]), width = lengths.at(-1) ?? 1, down = lengths.at(-2) ?? 1
  return { value, shape, axes, lengths, isImage, width, down, height: sizeOf(shape) / width || 0, most: down < MOST_CELLS[0] ? Math.floor(MOST_CELLS[0] / down) * down : MOST_CELLS[0] }
}

const placeAt = ({ shape, axes, lengths, width }, row, column) => {
  const index = indexOf(row * width + column, lengths), own = []
  axes.forEach((axis, i) => { own[axis] = index[i] })
  return placeOf(own, shape)
}

function cellOf({ shape, axes, lengths, width }, place) {
  const index = indexOf(place, shape), at = placeOf(axes.map((axis) => index[axis]), lengths)
  return [Math.floor(at / width), at % width]
}

// The index of a row: 0,2 of the axes before the last one; [0,2,:,1] of an image.
function rowName({ shape, axes, isImage, ...array }, row) {
  const index = indexOf(placeAt({ shape, axes, ...array }, row, 0), shape)
  if (!isImage) return index.slice(0, -1).join(",")
  index[axes.at(-1)] = ":"
  return `[${index.join(",")}]`
}

// The page with this row and column.
function showPage(array, row, column) {
  const { value, shape, width, height, name, most } = array, across = MOST_CELLS[1]
  const top = Math.floor(row / most) * most, left = Math.floor(column / across) * across
  const rows = Math.min(height - top, most), columns = Math.min(width - left, across), numbered = (n, one) => Array.from({ length: n }, (_, i) => one(i))
  array.cells = []
  const cell = (i, j) => {
    const place = placeAt(array, top + i, left + j), button = make("button", { type: "button", click: () => choose(value, place, true, where.step) })
    array.cells.push({ button, place })
    return make("td", {}, button)
  }
  const lines = numbered(rows, (i) => make("tr", {}, shape.length > 1 ? make("th", { scope: "row" }, rowName(array, top + i)) : null, ...numbered(columns, (j) => cell(i, j))))
  const head = width > 1 ? make("thead", {}, make("tr", {}, shape.length > 1 ? make("td") : null, ...numbered(columns, (j) => make("th", { scope: "col" }, String(left + j))))) : null
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

// All numbers as colours, blue above 0 and orange below: parts of more than two axes stand beside each other.
function drawMap(array) {
  const { value, name, width, height, down, map } = array, parts = height / down, numbers = where.ready.values[value], most = sizeOfMost(numbers) || 1
  const rows = Math.min(down, MAP[0]), columns = Math.min(parts * width, MAP[1]), { context, image } = pixelsOf(map, columns, rows), ground = colour("card")
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
    const v = numbers[placeAt(array, ...mapped(array, (i + 0.5) / rows, (j + 0.5) / columns))] / most
    paint(image.data, 4 * (i * columns + j), ground, signed(v), Math.abs(v) || 0)
  }
  context.putImageData(image, 0, 0)
  Object.assign(map.style, { width: `min(100%, ${Math.max(4, columns / 2)}rem)`, height: `${Math.min(9, Math.max(2, rows / 2))}rem` })
  const low = numbers.reduce((a, b) => Math.min(a, b), Infinity), high = numbers.reduce((a, b) => Math.max(a, b), -Infinity)
  write(array.range, ` from ${short(low, 3)} to ${short(high, 3)}`)
  set(map, { "aria-label": `${name} as colours, from ${short(low)} to ${short(high)}` })
}

// The row and the column at a place of the map, as parts of its height and width.
function mapped({ width, height, down }, y, x) {
  const at = Math.floor(x * height / down * width), part = Math.floor(at / width)
  return [part * down + Math.floor(y * down), at % width]
}

function turnTo(array, { offsetX, offsetY }) {
  showPage(array, ...mapped(array, offsetY / array.map.clientHeight, offsetX / array.map.clientWidth))
  drawWhere()
}

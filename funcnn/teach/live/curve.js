// Rows with one number and one target: points, and the curve that the network draws through them.

let curve = null

const VIEW = {
  hint: "A point is a row of the data: x, and the wanted y. The curve is the prediction for each x. Drag a point, or move it with the arrow keys.",
  build() {
    const { data, trainer } = page, x = trainer.arrays.get("x"), y = trainer.arrays.get("y"), { grid } = data
    const ends = (numbers) => [Math.min(...numbers), Math.max(...numbers)]
    const [left, right] = grid ? [grid.low[0], grid.high[0]] : ends(x), [least, most] = ends(y), margin = 0.2 * (most - least || 1)
    const low = [left, least - margin], high = [right, most + margin]
    curve = { line: draw("path", { class: "fitted" }), misses: draw("path", { class: "misses" }) }
    const svg = buildPoints({ low, high, at: (row) => [x[row], y[row]], move: (row, [u, v]) => { x[row] = u; y[row] = v } })
    svg.prepend(...ticks(low, high), curve.misses, curve.line)
    return make("div", { class: "square plot" }, svg, make("span", { class: "axis across" }, "x"), make("span", { class: "axis up" }, "y"),
      ...[[low[0], "left"], [high[0], "right"]].map(([v, at]) => make("span", { class: `axis ${at}` }, short(v, 2))), ...[[low[1], "bottom"], [high[1], "top"]].map(([v, at]) => make("span", { class: `axis ${at}` }, short(v, 2))))
  },
  draw() {
    const { data, trainer } = page, { predict } = trainer, clip = ([x, y]) => `${x.toFixed(1)} ${Math.max(-2000, Math.min(2400, y)).toFixed(1)}`
    if (predict) {
      const out = predict.outputs.out || predict.outputs["out.0"], order = data.grid.data.map((u, i) => [u, out[i]]).filter(([, v]) => Number.isFinite(v)).sort((a, b) => a[0] - b[0])
      set(curve.line, { d: order.length ? `M${order.map((p) => clip(toPixels(p))).join("L")}` : "" })
    }
    const misses = Array.from({ length: data.rows }, (_, row) => [points.at(row), [points.at(row)[0], trainer.out[row]]]).filter(([, [, v]]) => Number.isFinite(v))
    set(curve.misses, { d: misses.map((pair) => `M${pair.map((p) => clip(toPixels(p))).join("L")}`).join("") })
    drawPoints()
  },
}

// Lines through 0, where it is inside.
function ticks(low, high) {
  const at = [0, 1].map((axis) => -low[axis] / (high[axis] - low[axis]) * 400), lines = []
  if (at[0] > 0 && at[0] < 400) lines.push(draw("path", { class: "zero", d: `M${at[0]} 0V400` }))
  if (at[1] > 0 && at[1] < 400) lines.push(draw("path", { class: "zero", d: `M0 ${400 - at[1]}H400` }))
  return lines
}

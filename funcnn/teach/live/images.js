// Rows that are images: those that the network gets right fade.

const MOST_IMAGES = 120
let images = null

const VIEW = {
  get hint() {
    const says = page.data.classes ? "Below an image is the predicted class; where it is wrong, the right class follows. Right ones fade." : "Below a row is its first output."
    return `${says} Choose one to see it go through the network.`
  },
  build() {
    const { data, trainer } = page, x = trainer.arrays.get("x") || trainer.arrays.get("x.0"), shape = data.x[0].shape.slice(1)
    const own = shape.length === 1 ? [Math.sqrt(shape[0]), Math.sqrt(shape[0])] : shape, n = sizeOf(shape)
    images = Array.from({ length: Math.min(data.rows, MOST_IMAGES) }, (_, row) => {
      const canvas = make("canvas", { width: own[1], height: own[0] }), label = make("span")
      drawFeatures(canvas, x, row * n, own)
      return { canvas, label, button: make("button", { type: "button", class: "thumb", "aria-pressed": "false", click: () => { page.row = row; changed() } }, canvas, label) }
    })
    return make("div", { class: "thumbs", tabindex: "0", role: "group", "aria-label": "Images" }, ...images.map(({ button }) => button))
  },
  draw() {
    const { data, trainer } = page, y = trainer.arrays.get("y")
    images.forEach(({ label, button }, row) => {
      const says = data.classes ? said(data, trainer.out, row) : null, isRight = says === y[row]
      write(label, says === null ? short(trainer.out[row]) : isRight ? String(says) : `${says}, not ${y[row]}`)
      set(button, { class: `thumb${isRight ? " right" : says === null ? "" : " wrong"}`, "aria-pressed": page.row === row })
    })
  },
}

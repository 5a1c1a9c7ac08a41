// What a test asks of an open page.
globalThis.asked = {
  named: (e) => `${e.tagName} ${e.className} ${(e.textContent || e.alt || "").trim().slice(0, 40)}`,

  // Everything that the reader cannot reach: right of the window, or cut off by a box that does not scroll.
  overflow() {
    const faults = [], wide = document.documentElement
    const scrolls = (style) => ["auto", "scroll"].includes(style.overflowX)
    if (!document.querySelector("article, main")) faults.push("there is no main part")
    if (wide.scrollWidth > wide.clientWidth) faults.push(`the page is ${wide.scrollWidth} wide`)
    for (const e of document.querySelectorAll(":is(article, main), :is(article, main) *:not(pre *, math *, svg *)")) {
      const style = getComputedStyle(e)
      const tooWide = e.scrollWidth > e.clientWidth + 1 && style.overflowX !== "visible" && !scrolls(style)
      if (tooWide && e.checkVisibility()) faults.push(`${this.named(e)} is cut off`)
      if (e.tagName === "PRE" && style.whiteSpace !== "pre") faults.push(`${this.named(e)} is wrapped`)
    }
    for (const e of document.querySelectorAll(":is(article, main) math")) {
      const past = e.getBoundingClientRect().right - e.closest("article, main").getBoundingClientRect().right
      let box = e.parentElement
      while (past > 1 && box && !scrolls(getComputedStyle(box))) box = box.parentElement
      if (past > 1 && !box) faults.push(`${this.named(e)} sticks out`)
    }
    return faults
  },

  // The rules of axe-core that are broken.
  async violations(options) {
    const { violations } = await axe.run(document, { preload: false, resultTypes: ["violations"], ...options })
    return violations.map(({ id, nodes }) => `${id}, ${nodes.length} times, ${nodes[0].html.slice(0, 300)}`)
  },

  // A word in the colours and the size of the text of an element, in front of all that is behind it.
  look(e) {
    const { color, fontSize, fontWeight } = getComputedStyle(e)
    let html = `<p style="color: ${color}; font-size: ${fontSize}; font-weight: ${fontWeight}">text</p>`
    for (let box = e; box; box = box.parentElement) {
      const { backgroundColor, opacity } = getComputedStyle(box)
      if (backgroundColor === "rgba(0, 0, 0, 0)" && opacity === "1") continue
      html = `<div style="background-color: ${backgroundColor}; opacity: ${opacity}">${html}</div>`
      if (backgroundColor.startsWith("rgb(") && opacity === "1") break
    }
    return html
  },

  looks() {
    const looks = new Set()
    for (const e of document.querySelectorAll("body, body *:not(script, style, math *)")) {
      const text = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
      if (text && e.checkVisibility({ visibilityProperty: true })) looks.add(this.look(e))
    }
    return [...looks]
  },
}

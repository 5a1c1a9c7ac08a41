// Keys of the numbers of a step: from rule to rule, from number to number, the terms, the nudge and the prediction.

const ruleAt = (by) => where.rules[where.rules.indexOf(where.step) + by]
const closeTerms = () => {
  const { chosen } = page
  Object.assign(page, { chosen: null, trail: [], isNudged: false })
  drawWhere()
  if (chosen) focusCell(chosen.value, chosen.place)
}
const STEP_KEYS = {
  ArrowLeft: () => goTo(ruleAt(-1)), ArrowRight: () => goTo(ruleAt(1)), Home: () => goTo(where.rules[0]), End: () => goTo(where.rules.at(-1)),
  ArrowUp: () => moveFocus(-1), ArrowDown: () => moveFocus(1), n: nudge, p: togglePredict, Escape: closeTerms,
}

// To the cell above or below, also of another array.
function moveFocus(by) {
  const lines = [...$("arrays").querySelectorAll("tbody tr")].map((line) => [...line.querySelectorAll("button")])
  const i = lines.findIndex((line) => line.includes(document.activeElement)), next = lines[i + by]
  if (i >= 0 && next) next[Math.min(lines[i].indexOf(document.activeElement), next.length - 1)].focus()
}

function isOfPanel({ target, key }) {
  if (/^(INPUT|SELECT)$/.test(target.tagName)) return key === "Escape" && $("origin").contains(target)
  if (target.closest("[role=button], #data-view, #diagram")) return false
  if (/^Arrow(Up|Down)$/.test(key)) return target.classList.contains("cell")
  return !(target.classList.contains("scroll") && target.scrollWidth > target.clientWidth)  // arrows scroll it
}

document.addEventListener("keydown", (event) => {
  if (!page.isOpen || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || !STEP_KEYS[event.key] || !isOfPanel(event)) return
  event.preventDefault()
  STEP_KEYS[event.key]()
})
for (const [id, key] of [["step-back", "ArrowLeft"], ["step-on", "ArrowRight"], ["predict", "p"]]) $(id).addEventListener("click", STEP_KEYS[key])

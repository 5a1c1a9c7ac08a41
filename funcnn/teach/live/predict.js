// "Predict first": what a rule makes is hidden until one has answered.

const predicting = { isOn: false, answered: new Set(), tried: new Set(), right: 0 }
const keyOf = (value, place) => `${where.ready.program.steps.length} ${value} ${place}`

const isHidden = (value, place) => predicting.isOn && [...where.values.between, ...where.values.made].includes(value) && !predicting.answered.has(keyOf(value, place))

function togglePredict() {
  predicting.isOn = !predicting.isOn
  set($("predict"), { "aria-pressed": predicting.isOn })
  page.isNudged = false
  drawWhere()
  say(predicting.isOn ? "Predict first is on: what a rule makes is hidden until you answer" : "Predict first is off")
}

const drawScore = () => write($("score"), predicting.isOn && predicting.tried.size ? `${predicting.right} of ${predicting.tried.size} right` : "")

// The form for the chosen number; an answer within one hundredth is right, and the first answer counts.
function answerForm(value, place) {
  const key = keyOf(value, place), name = entryHere(value, place), hint = make("p", { class: "note", id: "hint" }, "An answer within 1 % is right.")
  const input = make("input", { id: "answer", type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": "hint" })
  const wrong = (text) => { write(hint, text); input.focus(); say(text); drawScore() }
  const reveal = (text) => { predicting.tried.add(key); predicting.answered.add(key); drawWhere(); focusCell(value, place); say(text) }
  const check = (event) => {
    event.preventDefault()
    const given = typed(input.value), wanted = where.ready.values[value][place]
    if (Number.isNaN(given)) return wrong("Write a number, such as 1.5.")
    const isRight = Object.is(given, wanted) || Math.abs(given - wanted) <= 0.01 * Math.abs(wanted) + 1e-12
    predicting.right += isRight && !predicting.tried.has(key)
    predicting.tried.add(key)
    isRight ? reveal(`Right: ${name} = ${short(wanted)}`) : wrong(`${input.value} is not right. The terms below say how it is computed.`)
  }
  return make("form", { submit: check }, make("label", { for: "answer" }, `Your answer for ${name}`), input, make("button", {}, "Check"),
    make("button", { type: "button", click: () => reveal("Shown") }, "Show it"), hint)
}

// The address of a page opened at a step: #step=5&number=2.dW[0,0].

// A name in the address: 0.c_2[0,1] is c₂[0,1] of layer 0, and 0.W_after is "W after".
const inAddress = (value) => {
  const { path, name } = where.names[value]
  const plain = name.replace(/[₀-₉]+/, (digits) => `_${[...digits].map((d) => "₀₁₂₃₄₅₆₇₈₉".indexOf(d)).join("")}`).replace("′", "'").replace(" ", "_")
  return `${path ? `${path}.` : ""}${plain}`
}

// The value with this name, if it is one of the rule at `step` if several have it.
function valueNamed(name, step) {
  const all = where.names.flatMap((one, value) => one && one.name && inAddress(value) === name ? [value] : [])
  return all.find((value) => where.names[value].step === step) ?? all[0]
}

// Open the rule and the number of the address; a rule or a number that is not there is left out.
function openAddress() {
  const text = readAddress().slice(1)
  if (!/(^|&)(step|number)=/.test(text)) return false
  const parts = new URLSearchParams(text.replace(/\+/g, "%2B")), number = Number(parts.get("step") || 1) - 1
  const step = where.rules[Number.isInteger(number) ? Math.min(Math.max(number, 0), where.rules.length - 1) : 0]
  const [, name, inside] = /^(.*?)(?:\[([\d,]*)\])?$/.exec(parts.get("number") || ""), value = valueNamed(name, step)
  const shape = value === undefined ? [] : where.ready.shapes[value], index = inside ? inside.split(",").map(Number) : []
  const isThere = value !== undefined && index.length === shape.length && index.every((i, axis) => i < shape[axis])
  Object.assign(page, { chosen: null, trail: [], isOpen: true })
  where.step = step
  if (!isThere) openWhere()
  else {
    showStep(step)
    show({ value, place: placeOf(index, shape), step: where.arrays.has(value) ? step : ownStep(value) ?? step })
  }
  return true
}

function readAddress() {
  try { return decodeURIComponent(location.hash) } catch { return "" }  // not an address of a page
}

// Pages that train keep their address: they may be frames in other pages.
function writeAddress() {
  if (page.data.step === null || page.data.step === undefined || document.body.classList.contains("small")) return
  const { chosen } = page, named = chosen && where.names[chosen.value] && where.names[chosen.value].name
  const shape = named ? where.ready.shapes[chosen.value] : [], at = shape.length ? `[${indexOf(chosen.place, shape).join(",")}]` : ""
  const hash = `#step=${where.rules.indexOf(where.step) + 1}${named ? `&number=${inAddress(chosen.value)}${at}` : ""}`
  if (readAddress() !== hash) history.replaceState(null, "", hash)
}

// A page of steps begins with the panel, and its address is read.
function openSteps() {
  addEventListener("hashchange", openAddress)
  if (page.data.step !== null && page.data.step !== undefined) {
    $("origin").parentElement.prepend($("origin"))
    document.body.classList.add("steps")
    if (!openAddress()) openWhere()
  } else openAddress()
}

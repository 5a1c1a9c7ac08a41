// Expressions as text: with the names of their entries, and with numbers, of which each is a button.

// The name of an entry, as the rule of the present step calls it: W[0,1], or 2.out[3,1] of another layer.
// `view` is {ready, names, aliases, path}.
function entryName({ ready, names, aliases, path }, value, index) {
  const one = names[value], shape = ready.shapes[value]
  if (!one || !one.name) return null
  const isHere = one.path === "" || one.path === path
  const name = aliases[value] || `${isHere ? "" : `${one.path}.`}${one.name}`
  return `${name}${shape.length ? `[${index.join(",")}]` : ""}`
}

// An expression by names. Terms of a sum that differ in their indices alone are one term, with k in place of the index.
function byName(view, expression, level = 0, letters = "kijlnpq") {
  const inside = (part, inner) => byName(view, part, inner, letters)
  const wrap = (text, own) => own < level ? `(${text})` : text
  switch (expression.is) {
    case "number": return expression.number < 0 && level > 1 ? `(${expression.text})` : expression.text
    case "entry": return entryName(view, expression.value, expression.index || indexOf(expression.place, expression.shape)) || (/^[ui]4$/.test(view.ready.dtypes[expression.value]) ? "random bits" : "(…)")
    case "minus": return wrap(`−${inside(expression.part, 3)}`, 2)
    case "square": return `${inside(expression.part, 9)}²`
    case "if": return wrap(`${inside(expression.parts[1], 1)} if ${inside(expression.parts[0], 0)} else ${inside(expression.parts[2], 1)}`, 0)
    case "pair": {
      const own = LEVELS[expression.op], [a, b] = expression.parts
      const isTight = expression.op === "subtract" || expression.op === "divide"
      return wrap(`${inside(a, own)} ${SIGNS[expression.op]} ${inside(b, own + (isTight ? 1 : 0))}`, own)
    }
    case "call": return `${expression.name}(${expression.args.map((part) => inside(part, -1)).join(", ")}${expression.all > expression.args.length ? ", …" : ""})`
    case "sum": {
      const general = generalTerm(expression, letters)
      if (general) {
        const used = letters.slice(0, expression.terms[0].index.length)
        return wrap(`Σ${subscript(used)} ${byName(view, general, 3, letters.slice(used.length))}`, 2)
      }
      const some = expression.terms.slice(0, 6).map(({ part }) => inside(part, 2))
      return wrap(some.join(" + ") + (expression.count > some.length ? " + …" : ""), 2)
    }
  }
}

const subscript = (letters) => [...letters].map((c) => ({ i: "ᵢ", j: "ⱼ", k: "ₖ", l: "ₗ", n: "ₙ", p: "ₚ" })[c] || c).join("")

// The term of a sum with letters for its index; null if the terms are not alike.
function generalTerm({ terms, count }, letters) {
  if (count < 3 || !terms[0].index.length) return null
  return general(terms.map(({ part }) => part), terms.map(({ index }) => index), letters)
}

function general(parts, indices, letters) {
  const [one] = parts
  if (parts.some((part) => part.is !== one.is || part.op !== one.op || part.name !== one.name)) return null
  const join = (lists) => {
    const made = lists[0].map((_, i) => general(lists.map((list) => list[i]), indices, letters))
    return made.includes(null) ? null : made
  }
  switch (one.is) {
    case "number": return parts.every((part) => part.text === one.text) ? one : null
    case "entry": return generalEntry(parts, indices, letters)
    case "minus": case "square": {
      const part = general(parts.map((p) => p.part), indices, letters)
      return part && { ...one, part }
    }
    case "pair": case "if": {
      const made = join(parts.map((part) => part.parts))
      return made && { ...one, parts: made }
    }
    case "call": {
      if (parts.some((part) => part.args.length !== one.args.length)) return null
      const args = join(parts.map((part) => part.args))
      return args && { ...one, args }
    }
    default: return null
  }
}

// Each part of the index of an entry is a number, or moves with one index of the sum: k, k+2 or 2k+1.
function generalEntry(parts, indices, letters) {
  const [one] = parts, shape = one.shape
  if (!shape || parts.some((part) => part.value !== one.value)) return null
  const all = parts.map((part) => indexOf(part.place, shape)), n = indices[0].length
  const index = shape.map((_, axis) => {
    const own = all.map((i) => i[axis])
    if (own.every((i) => i === own[0])) return String(own[0])
    for (let a = 0; a < n; a++) {
      const next = indices.findIndex((i) => i[a] === indices[0][a] + 1)
      const by = next < 0 ? 0 : own[next] - own[0], start = own[0] - by * indices[0][a]
      if (by && own.every((i, t) => i === start + by * indices[t][a]))
        return `${by === 1 ? "" : by === -1 ? "−" : by}${letters[a]}${start > 0 ? `+${start}` : start < 0 ? `−${-start}` : ""}`
    }
    return null
  })
  return index.includes(null) ? null : { ...one, index }
}

// An expression by numbers: a list of texts and entries. A sum of many terms inside an expression is one number.
function byNumber(expression, level = 0, isTop = true) {
  const inside = (part, inner) => byNumber(part, inner, false)
  const wrap = (list, own) => own < level ? ["(", ...list, ")"] : list
  switch (expression.is) {
    case "number": return [expression.number < 0 && level > 2 ? `(${expression.text})` : expression.text]
    case "entry": return [{ ...expression, isFactor: level > 1 }]
    case "minus": return wrap(["−", ...inside(expression.part, 3)], 2)
    case "square": return [...inside(expression.part, 9), "²"]
    case "if": return wrap([...inside(expression.parts[1], 1), " if ", ...inside(expression.parts[0], 0), " else ", ...inside(expression.parts[2], 1)], 0)
    case "pair": {
      const own = LEVELS[expression.op], isTight = expression.op === "subtract" || expression.op === "divide"
      return wrap([...byNumber(expression.parts[0], own, isTop), ` ${SIGNS[expression.op]} `, ...byNumber(expression.parts[1], own + (isTight ? 1 : 0), isTop)], own)
    }
    case "call": return [`${expression.name}(`, ...expression.args.flatMap((part, i) => [i ? ", " : "", ...inside(part, -1)]), expression.all > expression.args.length ? ", …)" : ")"]
    case "sum": {
      if (!isTop && expression.count > 3) return [{ is: "entry", value: expression.value, place: expression.place, isFactor: level > 1 }]
      const most = expression.count > 14 ? 12 : 14
      const some = expression.terms.slice(0, most).flatMap(({ part }, i) => [i ? " + " : "", ...inside(part, 2)])
      return wrap(expression.count > most ? [...some, ` + … (${expression.count} terms)`] : some, 2)
    }
  }
}

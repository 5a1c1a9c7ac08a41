// A network in training: its parameters, the rows, and the programs of a step and of a prediction on them.

function trainer(data, choice) {
  const arrays = new Map()  // inputs by name, which the programs share
  const first = prepare(choice.first, arrays), next = choice.next ? prepare(choice.next, arrays) : first
  const parameters = new Map([...arrays].filter(([name]) => name.startsWith("params.")))
  const predict = choice.predict ? prepare(choice.predict, new Map(parameters)) : null
  if (predict) fill(predict.inputs, "x", data.grid ? [data.grid] : data.x)
  const self = {
    data, choice, arrays, first, next, predict, costs: [], ways: [], broken: null, since: 0,
    get steps() { return self.costs.length },
    get present() { return self.steps && choice.next ? next : first },
    get cost() { return self.present.outputs.cost[0] },
    get out() { return self.present.outputs.out || self.present.outputs["out.0"] },
    gradient: (name) => self.present.outputs[`grads.${name}`],
    parameter: (name) => arrays.get(`params.${name}`),
    names: choice.parameters,  // the paths of what is trained
    rate(lr) { arrays.get("lr")[0] = lr },
    look, step, reset, touched, costWith,
  }

  // Everything at the present parameters, without a step.
  function look() {
    self.present.run()
    if (predict) predict.run()
  }

  // Up to n steps; fewer if a number is not finite: then the parameters stay as they were, and `broken` has its place.
  function step(n = 1) {
    for (let i = 0; i < n && !self.broken; i++) {
      const ready = self.present
      ready.run()
      self.broken = Number.isFinite(ready.outputs.cost[0]) ? null : firstBroken(ready)
      if (!self.broken && !canFollow(ready)) self.broken = firstBroken(ready)
      if (self.broken) return
      self.costs.push(ready.outputs.cost[0])
      if (isPair) self.ways.push(self.names.flatMap((name) => Array.from(self.parameter(name))))
      follow(ready)
    }
  }

  const canFollow = ({ outputs }) => self.names.every((name) => !outputs[`params.${name}`] || outputs[`params.${name}`].every(Number.isFinite))

  const isPair = self.names.reduce((n, name) => n + self.parameter(name).length, 0) === 2

  // The outputs of a step become the inputs of the next one.
  function follow({ outputs }) {
    const moved = Object.entries(outputs).filter(([name]) => /^(params|optimizer)\./.test(name) && arrays.has(name))
    const inputs = new Set(arrays.values())
    const kept = moved.map(([, a]) => inputs.has(a) ? a.slice() : a)  // an output may be an input that another output replaces
    moved.forEach(([name], i) => arrays.get(name).set(kept[i]))
  }

  // The data and the parameters of the start; `scale` multiplies those that are trained.
  function reset(scale = 1) {
    for (const name of ["x", "y"]) fill(Object.fromEntries(arrays), name, data[name])
    for (const [name, { data: numbers }] of Object.entries(choice.start)) {
      const by = self.names.includes(name.slice(7)) ? scale : 1
      if (arrays.has(name)) load(arrays.get(name), numbers, by)
    }
    Object.assign(self, { costs: [], ways: [], broken: null, since: 0 })
  }

  // A number was changed by hand: costs before it say nothing of the learning rate.
  function touched() { Object.assign(self, { broken: null, since: self.steps }) }

  // The cost with one number of a parameter changed.
  function costWith(name, index, value) {
    const array = self.parameter(name), before = array[index]
    array[index] = value
    self.present.run()
    const found = self.cost
    array[index] = before
    return found
  }

  reset()
  return self
}

// Set an input, or the parts of a tuple.
function fill(inputs, name, parts) {
  parts.forEach((part, i) => {
    const array = inputs[name] || inputs[`${name}.${i}`]
    if (array) load(array, part.data)
  })
}

// The first value of a run that is NaN, or else infinite: {value, place}.
function firstBroken({ program, values, dtypes }) {
  for (const isBad of [Number.isNaN, (v) => Math.abs(v) === Infinity])
    for (let value = 0; value < values.length; value++) {
      if (dtypes[value][0] !== "f" || value >= program.inputs.length && value < program.inputs.length + program.constants.length) continue
      const place = values[value].findIndex(isBad)
      if (place >= 0) return { value, place }
    }
  return null
}

// The place of the largest of k numbers from `start`.
function largest(numbers, start, k) {
  let best = 0
  for (let i = 1; i < k; i++) if (numbers[start + i] > numbers[start + best]) best = i
  return best
}

// The prediction for a row: a class, or its first output.
function said(data, numbers, row) {
  const n = numbers.length / data.rows
  if (!data.classes) return numbers[row * n]
  if (n > 1) return largest(numbers, row * n, n)
  return Number(numbers[row] > (data.is_logit ? 0 : 0.5))
}

// How many rows have the right class; null if the network tells no classes, or more than one a row.
function rightOnes(data, numbers, y) {
  if (!data.classes || y.length !== data.rows) return null
  let right = 0
  for (let row = 0; row < data.rows; row++) right += said(data, numbers, row) === y[row]
  return right
}

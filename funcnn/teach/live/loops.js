// The loops in which most of the time of a step is spent. Each is written out, since a call for each number of a function
// that is a variable takes ten times as long; a policy without `eval` does not allow the page to generate them.

const FAST = {
  add(out, a, b, { outer, inner, by: [s, t], from: [p, q] }) {
    for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u], j = q[u]; v < inner; v++, i += s, j += t) out[k++] = a[i] + b[j]
  },
  subtract(out, a, b, { outer, inner, by: [s, t], from: [p, q] }) {
    for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u], j = q[u]; v < inner; v++, i += s, j += t) out[k++] = a[i] - b[j]
  },
  multiply(out, a, b, { outer, inner, by: [s, t], from: [p, q] }) {
    for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u], j = q[u]; v < inner; v++, i += s, j += t) out[k++] = a[i] * b[j]
  },
  divide(out, a, b, { outer, inner, by: [s, t], from: [p, q] }) {
    for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u], j = q[u]; v < inner; v++, i += s, j += t) out[k++] = a[i] / b[j]
  },
  maximum(out, a, b, { outer, inner, by: [s, t], from: [p, q] }) {
    for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u], j = q[u]; v < inner; v++, i += s, j += t) out[k++] = a[i] >= b[j] || a[i] !== a[i] ? a[i] + 0 : b[j] + 0
  },
  greater(out, a, b, { outer, inner, by: [s, t], from: [p, q] }) {
    for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u], j = q[u]; v < inner; v++, i += s, j += t) out[k++] = a[i] > b[j] ? 1 : 0
  },
  negative(out, a) { for (let k = 0; k < out.length; k++) out[k] = -a[k] },
  sqrt(out, a) { for (let k = 0; k < out.length; k++) out[k] = Math.sqrt(a[k]) },
}

// Four columns at a time, so that sums stay in registers. Each sum runs over k in order, and is rounded to the dtype once.
function matmul({ shape, a: [a, b], shapes: [p, q] }, out) {
  const [m, inner] = p.slice(-2), n = q.at(-1), lead = shape.slice(0, -2)
  const [from, to] = [p, q].map((s) => offsetsOf(lead, stridesIn(s.slice(0, -2), lead)))
  return () => {
    for (let batch = 0; batch < from.length; batch++)
      product(out, batch * m * n, a, from[batch] * m * inner, b, to[batch] * inner * n, m, inner, n)
  }
}

function product(out, at, a, x, b, start, m, inner, n) {
  for (let i = 0; i < m; i++, x += inner) {
    let j = 0
    for (; j + 3 < n; j += 4) {
      let s = 0, t = 0, u = 0, v = 0
      for (let k = 0, w = start + j; k < inner; k++, w += n) {
        const c = a[x + k]
        s += c * b[w]
        t += c * b[w + 1]
        u += c * b[w + 2]
        v += c * b[w + 3]
      }
      out[at++] = s
      out[at++] = t
      out[at++] = u
      out[at++] = v
    }
    for (; j < n; j++) {
      let s = 0
      for (let k = 0, w = start + j; k < inner; k++, w += n) s += a[x + k] * b[w]
      out[at++] = s
    }
  }
}

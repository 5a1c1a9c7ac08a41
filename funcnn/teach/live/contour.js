// The line where the numbers of a square are 0, by marching squares of `by` places each.
function contour(numbers, side, by) {
  const parts = [], pixel = 400 / (side - 1)
  const cross = (i, j, di, dj) => {
    const a = numbers[j * side + i], b = numbers[(j + dj) * side + i + di]
    return a > 0 !== b > 0 ? [i + di * a / (a - b), j + dj * a / (a - b)] : null
  }
  for (let j = 0; j + by < side; j += by) for (let i = 0; i + by < side; i += by) {
    const found = [cross(i, j, by, 0), cross(i + by, j, 0, by), cross(i, j + by, by, 0), cross(i, j, 0, by)].filter(Boolean)
    for (let n = 0; n + 1 < found.length; n += 2) parts.push(`M${(found[n][0] * pixel).toFixed(1)} ${(found[n][1] * pixel).toFixed(1)}L${(found[n + 1][0] * pixel).toFixed(1)} ${(found[n + 1][1] * pixel).toFixed(1)}`)
  }
  return parts.join("")
}

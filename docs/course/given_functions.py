"""Other given functions and given mistakes for the exercises, by the number of the unit.

A unit has places that change, a place has alternatives, and an alternative is a table of texts, as in `variants`.
"""

Changes = dict[str, str]


def _sigmoid(k: str, slope: str) -> Changes:
    """The sigmoid of k x."""
    return {
        '"""1 / (1 + e^-x), number by number."""\n    return 1 / (1 + np.exp(-x))': (
            f'"""1 / (1 + e^(-{k} x)), number by number."""\n    return 1 / (1 + np.exp(-{k} * x))'
        ),
        "The slope is a * (1 - a).": f"The slope is {k} * a * (1 - a).",
        "return [dA * a * (1 - a)]": f"return [{k} * dA * a * (1 - a)]",
        "[dA * np.exp(-args[0]) / (1 + np.exp(-args[0])) ** 2]": f"[dA * {k} * {slope} / (1 + {slope}) ** 2]",
        " This activation is called Silu.": "",
    }


def _gated(words: str, code: str, factor: str, last: str) -> Changes:
    """Another factor beside the sigmoid."""
    return {
        '"""x sigmoid(x): x is used twice.': f'"""{words} sigmoid(x): x is used twice.',
        "return x * sigmoid(x)": f"return {code} * sigmoid(x)",
        "One factor is x, the other": f"One factor is {words}, which has a slope of its own; the other",
        "product_vjp((x, sigmoid(x)), dA)": f"product_vjp(({factor}, sigmoid(x)), dA)",
        "return [first + second]": f"return [{last} + second]",
        " This activation is called Silu.": "",
    }


def _line(new: str, hint: str) -> Changes:
    old = "Which factor is between 'analytic' and 'numeric', for 3 examples and for 2? Where does it come from?"
    return {"return W * dA, (x * dA).mean()": f"return {new}", old: hint}


def _tanh(slope: str, hint: str) -> Changes:
    old = "At x = -2 'analytic' is -3, which is 1 - 4. The formula of the slope is right; which number must be squared?"
    return {"return [dA * (1 - x**2)]": f"return [dA * {slope}]", old: hint}


def _quadratic(words: str, code: str, hint: str, slope: str) -> Changes:
    """Another function of x beside V."""
    return {
        "x^2 V, with x: (m, n), x^2 number by number": f"q V, with x: (m, n), q = {words}",
        "x @ params.W + x**2 @ params.V": f"x @ params.W + ({code}) @ params.V",
        "W * x + V * x**2": f"W * x + V * ({code})",
        "Call q = x^2. Then": "Then",
        "dq is multiplied by 2 x.": f"dq is multiplied by {hint}.",
        "dx = dA @ params.W.T + 2 * x * (dA @ params.V.T)": f"dx = dA @ params.W.T {slope} * (dA @ params.V.T)",
        "V=(x**2).T @ dA": f"V=({code}).T @ dA",
    }


def _product(new: str, hint: str) -> Changes:
    old = "For which W is the wrong dx right? Try the sum with indices: does it run along a row or a column of W?"
    return {"return dA @ W, x.T @ dA": f"return {new}", old: hint}


def _leaky(slope: str) -> Changes:
    return {
        "and a tenth of x elsewhere": f"and {slope} x elsewhere",
        "np.where(x > 0, x, 0.1 * x)": f"np.where(x > 0, x, {slope} * x)",
        "Its slope is 1 or 0.1.": f"Its slope is 1 or {slope}.",
        "np.where(x > 0, 1, 0.1)": f"np.where(x > 0, 1, {slope})",
    }


def _distance(a: int, b: int) -> Changes:
    """|a x1 + b x2|"""
    words = f"{a if a > 1 else ''} x1 {'+' if b > 0 else '-'} {abs(b) if abs(b) > 1 else ''} x2"
    words = " ".join(words.split())
    return {
        "|x1 - x2|": f"|{words}|",
        "compute t = x1 - x2": f"compute t = {words}",
        "abs(row[0] - row[1])": f"abs({a} * row[0] + {b} * row[1])",
        "np.array([[1.0, -1.0], [-1.0, 1.0]])": f"np.array([[{a:.1f}, {-a:.1f}], [{b:.1f}, {-b:.1f}]])",
    }


RELU = {
    "stays the same in Relu layers": "stays the same in layers with the activation |x|",
    "np.maximum(x @ W, 0)": "np.abs(x @ W)",
    "W.var() * n / 2": "W.var() * n",
    "near 2 / n, not": "near 1 / n, not",
    "np.sqrt(2 / n)": "np.sqrt(1 / n)",
    "The variance is s squared.": "The variance is s squared. |x| keeps the mean square of x, a Relu half of it.",
}


def _rate(cost: str, code: str, hint: str, right: str) -> Changes:
    return {
        "cost = mean of (out - y)^2": f"cost = {cost}",
        "2 * (w * x * x).mean()": code,
        "The cost is a mean over the examples.": hint,
        "return 1 / (x**2).mean()": f"return {right}",
    }


def _softplus(slope: str, hint: str) -> Changes:
    old = "The slope is the sigmoid, 1 / (1 + e^-x). At which number does the function take it?"
    return {"return [dA / (1 + np.exp(-out))]": f"return [{slope}]", old: hint}


def _rings(comment: str, code: str) -> Changes:
    return {
        "np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), classes[ring]  # three rings": (
            f"{code}, classes[ring]  # three {comment}"
        ),
        "The rings need": f"The {comment} need",
    }


def _probabilities(new: str, hint: str) -> Changes:
    old = "How many probabilities does one logit change? Which of them does the function use?"
    return {"return [dA * p * (1 - p)]": f"return [{new}]", old: hint}


def _lstm(out: str, slope: str, value: str, page: str) -> Changes:
    """Another function of the cell in place of tanh."""
    return {
        "return o * np.tanh(c), c": f"return o * {out}, c",
        "h = np.tanh(f * c0 + i * g)\n": f"c = f * c0 + i * g\n    h = {value}\n",
        "dh * o * (1 - h**2)": f"dh * o {slope}",
        "First dc: what": f"h is {page}. First dc: what",
    }


def _blur(new: str, hint: str) -> Changes:
    old = "np.convolve(a, b) reverses b, np.correlate(a, b) does not. Which of the two does the sum for dx need?"
    return {'return np.correlate(dA, W, "full"), np.correlate(x, dA, "valid")': f"return {new}", old: hint}


FUNCTIONS: dict[int, list[list[Changes]]] = {
    1: [
        [
            _line("W * dA, dA.sum()", "If W grows by h, by how much does output i grow? Is that number in dW?"),
            _line(
                "dA, (x * dA).sum()", "Compare 'analytic' with dA. If x grows by h, by how much does the output grow?"
            ),
            _line(
                "W * dA, (W * dA).sum()", "If W grows by h, by how much does each output grow? Which number is in dW?"
            ),
        ]
    ],
    2: [
        [_sigmoid("2", "np.exp(-2 * args[0])"), _sigmoid("0.5", "np.exp(-0.5 * args[0])")],
        [
            _gated("x^2", "x**2", "x**2", "2 * x * first"),
            _gated("(1 - x)", "(1 - x)", "1 - x", "-first"),
            _gated("tanh(x)", "np.tanh(x)", "np.tanh(x)", "first * (1 - np.tanh(x) ** 2)"),
        ],
        [
            _tanh(
                "(1 - np.tanh(x))", "Which slope has tanh at a large x, and at x = -2? Look for a power in the table."
            ),
            _tanh("np.tanh(x) * (1 - np.tanh(x))", "At x = 0 'analytic' is 0. Of which activation is this the slope?"),
            _tanh("(1 + np.tanh(x) ** 2)", "Is tanh steeper at a large x than at 0? Compare 'analytic' with 1."),
        ],
    ],
    3: [
        [
            _quadratic("1 - x^2, number by number", "1 - x**2", "-2 x", "- 2 * x"),
            _quadratic("x^2 / 2, number by number", "x**2 / 2", "x", "+ x"),
        ],
        [
            _product("dA @ W.T, dA.T @ x", "dW[j, k] is the gradient of W[j, k]. Is j a row or a column?")
            | {"Find the mistake in dx": "Find the mistake in dW"},
            _product(
                "dA * W.sum(axis=1), x.T @ dA",
                "x[i, j] changes every output k, with the slope W[j, k]. With which dA is each slope multiplied here?",
            ),
        ],
    ],
    4: [
        [_leaky("0.2"), _leaky("0.05"), _leaky("0.3")],
        [_distance(1, 1), _distance(2, -1), _distance(1, -3)],
        [RELU],
        [
            _rate("sum of (out - y)^2", "2 * (w * x * x).sum()", "The cost is a sum.", "1 / (x**2).sum()"),
            _rate("mean of (out - y)^2 / 2", "(w * x * x).mean()", "Half of it counts.", "2 / (x**2).mean()"),
        ],
        [
            _softplus(
                "dA / (1 + np.exp(x))", "The slope is the sigmoid. Is softplus steep on the left or on the right?"
            ),
            _softplus("dA * (1 - np.exp(-out)) * np.exp(-out)", "Is the slope at a large x near 1, or near 0?"),
        ],
    ],
    5: [
        [
            _rings("ellipses", "np.stack([2 * radius * np.cos(angle), radius * np.sin(angle)], axis=1)"),
            _rings("circles", "np.stack([1 + radius * np.cos(angle), radius * np.sin(angle) - 1], axis=1)"),
        ],
        [
            _probabilities("p * (dA - (dA * p).sum())", "Change one row of dA: which rows of dz may change?"),
            _probabilities("p * dA", "How many probabilities does one logit change? Add all paths."),
            _probabilities("p * (dA - dA.sum(axis=1, keepdims=True))", "Which factor has each path in the sum over j?"),
        ],
    ],
    6: [
        [{"EPS = 1e-5": "EPS = 1e-3"}, {"EPS = 1e-5": "EPS = 1e-4"}],
        [
            _lstm("np.arctan(c)", "/ (1 + c**2)", "np.arctan(c)", "o arctan(c), whose slope is 1 / (1 + c^2)"),
            _lstm("np.sin(c)", "* np.cos(c)", "np.sin(c)", "o sin(c)"),
        ],
        [
            _blur(
                'np.convolve(dA, W, "full"), np.convolve(x, dA, "valid")',
                "np.convolve(a, b) reverses b, np.correlate(a, b) does not. Which of the two does the sum for dW need?",
            ),
            _blur('np.convolve(dA, W, "full")[::-1], np.correlate(x, dA, "valid")', "Which outputs does x[0] change?"),
        ],
    ],
}

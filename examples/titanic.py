"""The Titanic: logistic regression learns from 1047 passengers who survived, and predicts 262 others."""

import csv
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from funcnn import Dense, TrainState, history, predict, summary, train, value_and_grad
from funcnn import binary_cross_entropy_with_logits as cross_entropy
from funcnn.plot import cost_curve

mpl.use("Agg")

with Path(__file__).with_name("data").joinpath("titanic.csv").open(encoding="utf-8", newline="") as file:
    passengers = list(csv.DictReader(file))
table = {name: np.array([passenger[name] for passenger in passengers]) for name in passengers[0]}
y = table["survived"].astype(float)[:, None]

# 262 passengers are the test set, drawn at random since the table is sorted by class. Medians and scales are computed
# from the other passengers alone.
seen, hidden = train_test_split(np.arange(1309), test_size=262, random_state=0)


def number(name):
    """A column of numbers, with the median for unknown values: a fifth of the ages, and one fare."""
    values = np.array([float(text or "nan") for text in table[name]])
    return np.where(np.isnan(values), np.nanmedian(values[seen]), values)


# 14 features, all about 0 to 1, so that one learning rate suits every weight. Other titles, such as Rev or Countess,
# become Mr or Mrs, and the port of two passengers is unknown, so they get the most frequent one.
male, fare = table["sex"] == "male", number("fare")
titles = [name.split(", ")[1].split(".")[0] for name in table["name"]]
title = np.where(np.isin(titles, ["Miss", "Master"]), titles, np.where(male, "Mr", "Mrs"))
port = np.where(table["embarked"] == "", Counter(table["embarked"][seen]).most_common(1)[0][0], table["embarked"])
features = {
    "male": male,
    "age / 80": number("age") / 80,
    "fare / highest": fare / fare[seen].max(),
    **{f"class {i}": table["pclass"] == i for i in "123"},
    "family / 10": (number("sibsp") + number("parch") + 1) / 10,
    **{name: title == name for name in ("Mr", "Mrs", "Miss", "Master")},
    **{f"from {name}": port == name[0] for name in ("Southampton", "Cherbourg", "Queenstown")},
}
x = np.stack(list(features.values()), axis=1).astype(float)

# The same network twice. The 8000 steps of the article that this example follows end before the minimum; steps at 200
# times its learning rate reach it.
net = Dense(0.01 * np.random.RandomState(1).randn(1, 14).T, np.zeros(1))
print(summary(net, x[seen]))
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
accuracies = []
for name, lr, steps in (("article", 0.01, 8000), ("converged", 2, 4000)):
    last, run = history(train(TrainState(net), [(x[seen], y[seen])] * steps, value_and_grad(cross_entropy), lr))
    params, costs = last.params, run["cost"]
    accuracies.append(100 * ((predict(params, x[hidden]) > 0) == y[hidden]).mean())
    print(f"{name}, {steps} steps of {lr}: training cost {costs[0]:.3f} -> {costs[-1]:.8f}")
    cost_curve(run, left, label=f"{name}: {steps} steps of {lr}")

# The cost is convex, so every method that converges finds the same minimum.
peer = LogisticRegression(C=np.inf, tol=1e-8, max_iter=10_000).fit(x[seen], y[seen, 0])  # C = inf: no penalty
floor, _ = cross_entropy(peer.decision_function(x[seen])[:, None], y[seen])
print(f"scikit-learn: training cost {floor:.8f}")

left.axhline(floor, color="black", linestyle=":", label="scikit-learn")
left.set(title="The training cost, down to its minimum", xscale="log", xlim=(1, 10_000))
left.legend()
right.barh(list(features), params.W[:, 0], color=np.where(params.W[:, 0] > 0, "tab:blue", "tab:red"))
right.invert_yaxis()
right.set(title="Who survived: the weight of each feature", xlabel="above 0: more likely to survive")
figure.savefig("titanic.png", dpi=150)
article, ours = accuracies
theirs = 100 * peer.score(x[hidden], y[hidden, 0])
print(f"held-out accuracy: {ours:.1f} % (scikit-learn {theirs:.1f} %, the article's plan {article:.1f} %)")

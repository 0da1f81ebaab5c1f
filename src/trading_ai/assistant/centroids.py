"""Which group of texts another text is most like: Rocchio's nearest centroid over bags of features.

A feature counts the more the fewer groups have it (inverse category frequency); every text of a group has the same
weight, and so has every group. See Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 14.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Centroids:
    """Groups of texts, by their features.

    Attributes:
        groups: their names, in the order in which they came.
        features: number of each feature.
        weights: of each feature, by its number: logarithm of how few groups have it.
        starts: where the groups of each feature begin, and the end; shape (features + 1,).
        having: numbers of the groups that have a feature, one feature after the other.
        parts: what the feature makes of the centroid of that group, beside ``having``.
    """

    groups: tuple[str, ...]
    features: Mapping[str, int]
    weights: NDArray[np.float64]
    starts: NDArray[np.int64]
    having: NDArray[np.int64]
    parts: NDArray[np.float64]

    def likeness(self, features: Mapping[str, float]) -> NDArray[np.float64]:
        """Cosine of each group's centroid and of a text, 0 to 1; zero where they have nothing in common.

        Args:
            features: of the text, with their weights.
        """
        scores = np.zeros(len(self.groups))
        length = 0.0
        for feature, weight in features.items():
            number = self.features.get(feature)
            if number is None:
                continue
            weighed = weight * float(self.weights[number])
            length += weighed * weighed
            of_it = slice(self.starts[number], self.starts[number + 1])
            scores[self.having[of_it]] += weighed * self.parts[of_it]
        return scores / math.sqrt(length) if length else scores


def centroids(texts: Iterable[tuple[str, Mapping[str, float]]]) -> Centroids:
    """Centroids of groups of texts.

    Args:
        texts: group and features of each text.
    """
    groups: dict[str, int] = {}
    features: dict[str, int] = {}
    of_group: list[int] = []
    of_text: list[int] = []
    numbers: list[int] = []
    values: list[float] = []
    for place, (group, found) in enumerate(texts):
        of_group.append(groups.setdefault(group, len(groups)))
        numbers += [features.setdefault(feature, len(features)) for feature in found]
        values += found.values()
        of_text += [place] * len(found)
    text, number = np.array(of_text, np.int64), np.array(numbers, np.int64)
    owner = np.array(of_group, np.int64)[text]
    pairs, inverse = np.unique(number * len(groups) + owner, return_inverse=True)
    feature, having = pairs // len(groups), pairs % len(groups)
    n_with = np.bincount(feature, minlength=len(features))
    weights = np.log((len(groups) + 1) / n_with)
    weighed = np.array(values) * weights[number]
    sizes = np.sqrt(np.bincount(text, weighed * weighed))
    summed = np.bincount(inverse, weighed / sizes[text])
    lengths = np.sqrt(np.bincount(having, summed * summed, minlength=len(groups)))
    starts = np.concatenate([[0], np.cumsum(n_with)])
    return Centroids(tuple(groups), features, weights, starts, having, summed / lengths[having])

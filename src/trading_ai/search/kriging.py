"""A Gaussian process over the points of a grid (kriging): what the score of an untried point may be."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np
import numpy.typing as npt

from trading_ai.search.candidates import Points
from trading_ai.search.linear_algebra import factor, inverse, solve_lower, weighted_sum

Floats = npt.NDArray[np.float64]

_ROOT5 = 5.0**0.5
_JITTER = 1e-8
_REFIT_GROWTH = 1.2  # lengths are learned again when there are so many times as many points as last time
_MOST_LEARNED_FROM = 120  # points, evenly chosen in the order given
_MOST_STEPS = 30
_FIRST_STEP, _STEPS, _FINE_ENOUGH = 0.3, (1e-3, 1.0), 0.01  # of the logarithms
_LENGTHS, _AMPLITUDES, _NOISES = (0.02, 5.0), (0.05, 20.0), (1e-4, 2.0)  # bounds; lengths in axes


class Kriging:
    """Matérn 5/2 kernel with a length for each axis, an amplitude and noise, all learned from the points.

    Args:
        shape: number of values on each axis.
        ordered: for each axis whether its values are ordered; on others all values are one axis apart.
    """

    def __init__(self, shape: Sequence[int], ordered: Sequence[bool]) -> None:
        self._spans = np.maximum(np.array(shape, dtype=np.float64) - 1.0, 1.0)
        self._ordered = tuple(ordered)
        n = len(self._ordered)
        # Logarithms of lengths, amplitude and noise: what is likely before anything is known, and how sure.
        self._prior = np.array([np.log(0.2)] * n + [0.0, np.log(0.1)])
        self._prior_sd = np.array([1.0] * n + [1.0, 1.5])
        self._bounds = np.log(np.array([_LENGTHS] * n + [_AMPLITUDES, _NOISES])).T
        self._learned = self._prior
        self._n_learned_from = 0

    def _squared(self, a: Points, b: Points, axis: int) -> Floats:
        """Squared distances along one axis, shape (len(a), len(b))."""
        if not self._ordered[axis]:
            differ: Floats = (a[:, axis, None] != b[None, :, axis]).astype(np.float64)
            return differ
        places_a, places_b = a[:, axis] / self._spans[axis], b[:, axis] / self._spans[axis]
        result: Floats = (places_a[:, None] - places_b) ** 2
        return result

    def covariance(self, a: Points, b: Points) -> Floats:
        """Covariances of the scores at two sets of points, without noise, shape (len(a), len(b))."""
        n = len(self._ordered)
        squared = np.zeros((a.shape[0], b.shape[0]))
        for axis in range(n):
            squared += self._squared(a, b, axis) * np.exp(-2 * self._learned[axis])
        return _matern(np.sqrt(squared) * _ROOT5, float(np.exp(self._learned[n])))

    @property
    def variance(self) -> float:
        """Variance of a score about which nothing is known."""
        return float(np.exp(self._learned[-2]))

    @property
    def noise(self) -> float:
        """Variance of what no neighbour tells."""
        return float(np.exp(self._learned[-1])) + _JITTER

    def learn(self, points: Points, scores: Floats) -> None:
        """Learn lengths, amplitude and noise, if there is much more to learn from than the last time."""
        if points.shape[0] < self._n_learned_from * _REFIT_GROWTH:
            return
        self._n_learned_from = points.shape[0]
        if points.shape[0] > _MOST_LEARNED_FROM:
            some = np.linspace(0, points.shape[0] - 1, _MOST_LEARNED_FROM).astype(np.int64)
            points, scores = points[some], scores[some]
        squared = [self._squared(points, points, axis) for axis in range(len(self._ordered))]
        starts = [self._learned, self._prior]
        misfits = [self._misfit(start, squared, scores)[0] for start in starts]
        self._learned = self._descend(starts[int(np.argmin(misfits))], squared, scores)

    def stretched(self, by: float) -> Kriging:
        """The same process with lengths that are e^`by` times as long, within the bounds."""
        other = copy(self)
        n = len(self._ordered)
        lengths = np.clip(self._learned[:n] + by, self._bounds[0][:n], self._bounds[1][:n])
        other._learned = np.concatenate([lengths, self._learned[n:]])
        return other

    def _descend(self, logs: Floats, squared: list[Floats], scores: Floats) -> Floats:
        """The least misfit found by resilient propagation: steps grow while the slope keeps its sign.

        A handful of numbers needs no more, and SciPy's minimizers call a threaded library at each step.
        """
        best, least = logs, np.inf
        steps, before = np.full(logs.shape, _FIRST_STEP), np.zeros(logs.shape)
        for _ in range(_MOST_STEPS):
            value, slope = self._misfit(logs, squared, scores)
            if value < least:
                best, least = logs, value
            turned = slope * before < 0
            steps = np.clip(np.where(turned, steps * 0.5, np.where(slope * before > 0, steps * 1.2, steps)), *_STEPS)
            before = np.where(turned, 0.0, slope)
            logs = np.clip(logs - np.sign(before) * steps, self._bounds[0], self._bounds[1])
            if steps.max() <= _FINE_ENOUGH:
                break
        return best

    def _misfit(self, logs: Floats, squared: list[Floats], scores: Floats) -> tuple[float, Floats]:
        """Minus the log of the posterior density of `logs`, and its gradient."""
        n, m = len(squared), scores.shape[0]
        weights, amplitude, noise = np.exp(-2 * logs[:n]), np.exp(logs[n]), np.exp(logs[n + 1])
        r = np.sqrt(sum(part * w for part, w in zip(squared, weights, strict=True))) * _ROOT5
        kernel = _matern(r, amplitude)
        lower = factor(kernel + (noise + _JITTER) * np.eye(m))
        inverted = inverse(lower)
        alpha = weighted_sum(scores, inverted)
        weight = inverted - np.outer(alpha, alpha)
        slope = weight * (amplitude * 5.0 / 3.0 * (1.0 + r) * np.exp(-r))
        gradient = np.array(
            [0.5 * np.sum(slope * part) * w for part, w in zip(squared, weights, strict=True)]
            + [0.5 * np.sum(weight * kernel), 0.5 * noise * np.trace(weight)]
        )
        off = (logs - self._prior) / self._prior_sd
        value = 0.5 * scores @ alpha + np.log(np.diag(lower)).sum() + 0.5 * off @ off
        return float(value), gradient + off / self._prior_sd


def _matern(r: Floats, amplitude: float) -> Floats:
    """Covariance at scaled distances."""
    result: Floats = np.exp(-r)
    result *= amplitude * (1.0 + r * (1.0 + r / 3.0))
    return result


class Posterior:
    """What is known of the scores at some points, given those at others.

    Args:
        model: the process.
        known: points with scores, shape (m, n_axes).
        scores: shape (m,).
        running: points under way, shape (r, n_axes): they are believed to score what is expected there, so
            that only the uncertainty around them shrinks.
        wanted: points to predict, shape (w, n_axes).

    Attributes:
        mean: expected scores, shape (w,).
        variance: of the scores, shape (w,).
    """

    def __init__(self, model: Kriging, known: Points, scores: Floats, running: Points, wanted: Points) -> None:
        self._model, self._wanted = model, wanted
        self._added: list[Floats] = []
        n_known, points = known.shape[0], np.concatenate([known, running])
        among = model.covariance(points, points)
        lower = factor(among + model.noise * np.eye(points.shape[0]))
        white = solve_lower(lower[:n_known, :n_known], scores[:, None])[:, 0]
        if running.shape[0]:
            white = np.concatenate([white, np.zeros(running.shape[0])])  # what is expected surprises by nothing
        self._rows = solve_lower(lower, model.covariance(points, wanted))
        self.mean: Floats = weighted_sum(white, self._rows)
        self.variance: Floats = np.maximum(model.variance - np.einsum("ij,ij->j", self._rows, self._rows), 1e-10)

    def add_running(self, chosen: int) -> None:
        """Count one of the wanted points as under way."""
        point = self._wanted[chosen : chosen + 1]
        row = self._model.covariance(point, self._wanted)[0] - weighted_sum(self._rows[:, chosen].copy(), self._rows)
        for earlier in self._added:
            row -= earlier[chosen] * earlier
        row /= np.sqrt(self.variance[chosen] + self._model.noise)
        self._added.append(row)
        self.variance = np.maximum(self.variance - row**2, 1e-10)

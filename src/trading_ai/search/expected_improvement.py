"""Which untried candidates are expected to improve most on the best one, by a Gaussian process."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from trading_ai.search.base import Positions
from trading_ai.search.candidates import Candidates, Untried
from trading_ai.search.kriging import Kriging, Posterior
from trading_ai.search.learner import EvenStart

Floats = npt.NDArray[np.float64]

_N_FIRST = 10  # spread evenly, before anything can be learned
_MOST_KNOWN = 200  # trials that the process sees: the best half, and a sample of the others
_FEWEST_WANTED, _MOST_WANTED = 500, 4000  # untried candidates that are compared
_WORK, _ROW_WORK = 2e7, 100  # what a comparison may cost for each candidate asked for: some milliseconds
_N_BEST = 20  # trials whose neighbours are always compared
_MOST_NEIGHBOURS = 2000
_LARGEST_PLAN = 128
_FAR = -8.0  # deviations below the best
_STRETCHES = (0.0, 0.5, -0.5)  # logarithms by which the learned lengths may be wrong
_LENGTHS_KNOWN = 150  # trials from which on they are taken as they are


class ImprovementPlan:
    """Chooses candidates one by one, each one counted as under way when the next is chosen.

    The expected improvement (Jones, Schonlau and Welch, Journal of Global Optimization 13, 1998, equation 15) is
    the mean over three processes: with the lengths that fit best, and with longer and shorter ones. Few trials do
    not tell the lengths, and a search that trusts one guess is often stuck on the wrong hill (Snoek, Larochelle and
    Adams, NIPS 2012, section 3.2, average over the lengths for the same reason). What is to be improved on is the
    best expected score of a tried candidate, not the best score, which may be luck. Trials under way are believed
    to score what is expected (the kriging believer of Ginsbourger, Le Riche and Carraro, 2010).

    Very bad scores are raised to as far below the median as the best lies above it: how bad a bad candidate
    is does not matter.

    Args:
        candidates: the space.
        untried: what is left of it.
        rng: what draws.
        seed: seed of the first candidates, which are spread evenly.
        batch_size: how many are asked for at a time, as far as known.
    """

    def __init__(
        self, candidates: Candidates, untried: Untried, rng: np.random.Generator, seed: int, batch_size: int
    ) -> None:
        self._candidates, self._untried, self._rng = candidates, untried, rng
        self._start = EvenStart(candidates, untried, max(_N_FIRST, batch_size), seed)
        self._model = Kriging(candidates.shape, candidates.ordered)
        self._scores: dict[int, float] = {}
        self._running: dict[int, None] = {}  # in the order asked
        self._planned: list[int] = []

    def prepare(self, n: int) -> None:
        """Plan the next `n` candidates; of very many the rest is drawn."""
        enough = len(self._scores) >= _N_FIRST
        self._planned = self._plan(min(n, _LARGEST_PLAN))[::-1] if enough else []

    def next(self) -> int:
        """The next candidate to try."""
        if self._planned:
            position: int | None = self._planned.pop()
        else:
            position = self._start.next() if len(self._scores) < _N_FIRST else None
        if position is None:
            position = self._untried.draw()
        self._running[position] = None
        return position

    def learn(self, position: int, score: float) -> None:
        """Note a score, -inf for a failed trial."""
        self._scores[position] = score
        self._running.pop(position, None)

    def _plan(self, n: int) -> list[int]:
        """The `n` candidates of the largest expected improvement."""
        positions = np.array(list(self._scores), dtype=np.int64)
        scores = standardized(np.array(list(self._scores.values())))
        order = np.argsort(-scores, kind="stable")
        n_known = min(positions.size, _MOST_KNOWN) + min(len(self._running), _MOST_KNOWN)
        most = int(np.clip(_WORK * n / (n_known * (n_known + _ROW_WORK)), _FEWEST_WANTED, _MOST_WANTED))
        tried = positions[order[:_N_BEST]]
        wanted = self._wanted(tried, most)
        if positions.size > _MOST_KNOWN:
            others = self._rng.permutation(order[_MOST_KNOWN // 2 :])[: _MOST_KNOWN // 2]
            kept = np.sort(np.concatenate([order[: _MOST_KNOWN // 2], others]))
            positions, scores = positions[kept], scores[kept]
        points = self._candidates.points
        self._model.learn(points(positions), scores)
        running = points(np.array(list(self._running)[-_MOST_KNOWN:], dtype=np.int64))
        known, compared = points(positions), points(np.concatenate([wanted, tried]))
        stretches = _STRETCHES if len(self._scores) < _LENGTHS_KNOWN else _STRETCHES[:1]
        posteriors = [Posterior(self._model.stretched(by), known, scores, running, compared) for by in stretches]
        best = float(posteriors[0].mean[wanted.shape[0] :].max())
        free = np.arange(compared.shape[0]) < wanted.shape[0]
        found: list[int] = []
        for _ in range(min(n, wanted.shape[0])):
            improvement = np.logaddexp.reduce([log_improvement(posterior, best) for posterior in posteriors])
            chosen = int(np.argmax(np.where(free, improvement, -np.inf)))
            free[chosen] = False
            found.append(int(wanted[chosen]))
            for posterior in posteriors:
                posterior.add_running(chosen)
        return found

    def _wanted(self, best: Positions, most: int) -> Positions:
        """The untried candidates to compare: all, or the neighbours of the best and a sample, about `most`."""
        n, taken = self._candidates.n, self._untried.taken
        if self._candidates.allowed is None and n <= most + len(taken):
            return self._free(np.arange(n))
        box = 3 ** min(len(self._candidates.axes), 20)
        near: list[Positions] = [
            self._untried.around(point) for point in self._candidates.points(best[: max(_MOST_NEIGHBOURS // box, 2)])
        ]
        neighbours = np.unique(np.concatenate(near))
        if neighbours.size > most // 2:
            neighbours = self._rng.choice(neighbours, most // 2, replace=False)
        drawn = self._candidates.draw(self._rng, most - neighbours.size)
        return self._free(np.unique(np.concatenate([neighbours, drawn])))

    def _free(self, listed: Positions) -> Positions:
        taken = np.fromiter(self._untried.taken, dtype=np.int64, count=len(self._untried.taken))
        return listed[~np.isin(listed, taken)]


def standardized(scores: Floats) -> Floats:
    """Scores with mean 0 and deviation 1, the very bad ones and failures (-inf) raised first."""
    finite = scores[np.isfinite(scores)]
    if not finite.size:
        return np.zeros_like(scores)
    floor = 2 * float(np.median(finite)) - float(finite.max())
    raised = np.maximum(scores, floor)
    deviation = float(raised.std())
    result: Floats = (raised - raised.mean()) / (deviation if deviation > 0 else 1.0)
    return result


def log_improvement(posterior: Posterior, best: float) -> Floats:
    """Logarithm of the expected improvement on the best score, shape (w,)."""
    deviation = np.sqrt(posterior.variance)
    z = (posterior.mean - best) / deviation
    near = np.maximum(z, _FAR)
    near = np.log(near * ndtr(near) + np.exp(-0.5 * near * near) / np.sqrt(2 * np.pi))
    # Far below the best the terms above cancel; their ratio to the density tends to 1 / z**2.
    far = np.minimum(z, _FAR)
    far = -0.5 * far * far - 0.5 * np.log(2 * np.pi) - 2 * np.log(-far)
    result: Floats = np.log(deviation) + np.where(z > _FAR, near, far)
    return result

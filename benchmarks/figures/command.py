"""`hedgerow plot`: what a log tells, as pictures."""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks.figures import attempts, policies, tails
from benchmarks.figures.canvas import Plot, Source
from benchmarks.figures.gallery import gallery
from benchmarks.figures.sequence import boundary
from benchmarks.tuner.analysis import Question
from benchmarks.tuner.evidence import gather
from benchmarks.tuner.kinds import Kind, kinds
from benchmarks.tuner.model import fit, forecast
from benchmarks.tuner.reading import read
from benchmarks.tuner.search import Fitted, best, frontier
from gateway.cli.serve import ConfigFile, load
from gateway.watch import Watched
from state import look

NOTHING = 4


def command(
    *logs: Annotated[Path, Parameter(help="State folders, log folders or segments.")],
    out: Annotated[Path, Parameter(help="The folder for the plots.")],
    budget: Annotated[float, Parameter(validator=Number(gt=0, lte=1))] = 0.05,
    resamples: Annotated[int, Parameter(validator=Number(gte=10))] = 200,
    seed: int = 1,
    config: ConfigFile = None,
) -> int:
    """Draw what a log tells: tails, policies, attempts, experiments; as PNG, SVG and on one page."""
    places = logs or (load(config).state.folder,)
    found = next(kinds(read(places)), None)
    if found is None:
        print("hedgerow: there are too few requests to draw anything", file=sys.stderr)
        return NOTHING
    source = _source(found, places, out, seed)
    question = Question(budget=budget, resamples=resamples, seed=seed)
    plots = [*_plots(found, question, source), *_experiments(places, source)]
    print(f"Written: {len(plots)} plots as PNG and SVG, and {gallery(plots, out, source)}")
    return 0


def _source(kind: Kind, places: tuple[Path, ...], out: Path, seed: int) -> Source:
    at = kind.recording.column("at")
    shown = " ".join(place.name for place in places)
    words = f"hedgerow plot {shown} --out {out.name} --seed {seed}"
    return Source(len(kind.recording), f"{(at[-1] - at[0]) / 60.0:.0f} min", seed, words)


def _plots(kind: Kind, question: Question, source: Source) -> list[Plot]:
    samples, k = kind.recording.samples, question.k
    evidence = gather(samples)
    drawn = evidence.drawn(question.resamples, np.random.default_rng(question.seed))
    fitted = Fitted(fit(evidence, evidence.once()), fit(evidence, drawn))
    picked = best(fitted, k, question.budget, question.burst, question.least_wins).rule
    hedged = forecast(fitted.once, picked), forecast(fitted.resampled, picked)
    curves = [
        ("without hedging", fitted.once.overall[0], fitted.resampled.overall),
        (f"best within {100 * question.budget:g} %", hedged[0].curves[0], hedged[1].curves),
    ]
    points = frontier(fitted, k, question.burst, question.least_wins)
    return [
        tails.distribution(curves, source),
        tails.tail(curves, source),
        tails.spectrum(curves, source),
        policies.frontier(points, k, source),
        policies.sweep(fitted, k, question.budget, source),
        policies.heat(fitted, k, source),
        attempts.saved(samples, source),
        attempts.together(samples, source),
    ]


def _experiments(places: tuple[Path, ...], source: Source) -> list[Plot]:
    """The experiments of states; single segments tell of none."""
    plots = []
    for place in places:
        if (place / "logs").is_dir():
            told = look(place).indexes.experiments
            begun = [record for name in told.names if (record := told.started(name))]
            watched = [Watched.of(record, place) for record in begun]
            plots += [boundary(each, each.source.poll(), source) for each in watched]
    return plots

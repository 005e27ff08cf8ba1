"""The composition root: the only tables from name to class, and where a run is put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.identity import Identity
from archive.population import Population
from archive.store import Archive
from engine import VERSION
from engine.authorship import LanguageModels
from engine.casting import cast, check
from engine.config import Config, ConfigError, Search
from engine.credit import OperatorCredit
from engine.llm.briefing import Shown, system_message
from engine.llm.gateway import Gateway
from engine.llm.goal import goal_of
from engine.llm.masking import Mask
from engine.operators.language_model import Strategist
from engine.operators.material import Library
from engine.operators.rewrite_prompt import Rewriter
from engine.operators.structural import JUMP, names
from engine.seeding import Seed, SeedError, fit_seeds, read_seeds
from engine.selection import NoveltySelector, ParetoSelector, RandomSelector, Selector
from engine.state import Search as Run
from engine.tasks import MODEL_OPERATORS, TUNE
from engine.tuning import Tuner
from sandbox.errand import Setup
from sandbox.market import Market, load, resolve
from sandbox.market.panel import span_ns
from sandbox.pool import InProcess, Pool, RayPool
from sandbox.terms import Terms

SELECTORS: dict[str, Callable[[Search], Selector]] = {
    "novelty": lambda _: NoveltySelector(),
    "pareto": lambda search: ParetoSelector(search.pareto_pool),
    "random": lambda _: RandomSelector(),
}


def load_market(name: str, base: Path) -> Market:
    """The training part of a market: all that a search and a backtest may see.

    Raises:
        MarketError: It cannot be found, read, or holds bad bars.
    """
    return load(resolve(name or None, base=base), through="train")


def setup(market: Market, config: Config) -> Setup:
    """What every worker of a run is told."""
    split = market.split
    return Setup(
        fields=dict(sorted(market.panel.dimensions.items())),  # their order enters the operators
        terms=Terms(
            window=(split.score_from, split.train_end),
            edges=tuple(int(edge) for edge in split.fold_edges(config.objective.folds)),
            costs=market.config.costs,
            fills=market.config.fills,
            objective=config.objective,
            stale_ns=span_ns(market.config.stale_after),
        ),
        max_window=split.max_window,
        cache_mb=config.sandbox.cache_mb,
        draw_wall_s=config.sandbox.draw_wall_s,
        isolation=config.sandbox.isolation,
    )


def pool(market: Market, config: Config) -> Pool:
    """The workers.

    Raises:
        PoolError: They do not start.
    """
    settings = config.sandbox
    told = setup(market, config)
    if settings.workers == 0:
        return InProcess(market.panel, told)
    import archive
    import engine
    import genomes
    import sandbox

    return RayPool(
        market.panel,
        told,
        workers=settings.workers,
        address=settings.ray_address or None,
        modules=(archive, engine, genomes, sandbox),
        batch_wall_s=settings.batch_wall_s,
    )


def identity(
    market: Market, config: Config, seeds: Sequence[Seed], place: str, isolation: str
) -> Identity:
    """What the archive of this run is a function of.

    Args:
        market: The market.
        config: The settings.
        seeds: The strategies of generation 0.
        place: Where the market was found first. The same bars may lie elsewhere when a run is
            resumed; the fingerprint decides whether they are the same.
        isolation: Isolation layers around untrusted code.
    """
    from hashlib import sha256

    table = config.identity()
    table["seeds"] = {s.name: sha256(s.text.encode()).hexdigest()[:16] for s in seeds}
    table["place"] = place
    table["market"] = market.config.model_dump(mode="json", by_alias=True, exclude={"path", "name"})
    return Identity(
        market=market.name,
        fingerprint=market.fingerprint,
        config=json.dumps(table, sort_keys=True),
        seed=config.seed,
        isolation=isolation,
        engine=VERSION,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run that is ready to start: everything was looked at, nothing was started.

    Attributes:
        config: The settings.
        market: The market, loaded through training.
        seeds: The strategies of generation 0.
        left_out: Names of Finch's own seeds that do not fit the market.
        identity: What the archive is a function of.
    """

    config: Config
    market: Market
    seeds: Sequence[Seed]
    left_out: Sequence[str]
    identity: Identity


def plan(
    config: Config,
    base: Path,
    *,
    seed_from: Sequence[Path] = (),
    kept_seeds: Sequence[Seed] = (),
    place: str | None = None,
) -> Plan:
    """Look at everything a run needs before anything starts.

    Args:
        config: The settings.
        base: The folder that a relative market path begins in.
        seed_from: The user's strategy files, or folders of them.
        kept_seeds: Generation 0 of a run to go on with; where there are any, no file is read.
        place: Where a resumed run first found its market.

    Raises:
        ConfigError, MarketError, SeedError, JailError: Each with every problem it found.
    """
    try:
        names(config.search.operators)
    except ValueError as error:
        raise ConfigError([str(error)]) from None
    check(config.llm)
    market = load_market(config.market, base)
    wanted, problems = list(kept_seeds), list[str]()
    if not wanted:
        wanted, problems = read_seeds(seed_from, builtin=config.search.builtin_seeds)
    fit = fit_seeds(wanted, setup(market, config))
    if problems or fit.problems:
        raise SeedError("\n".join([*problems, *fit.problems]))
    isolation = fit.isolation
    if config.sandbox.ray_address and config.sandbox.isolation == "reduced":
        isolation = "reduced"  # other machines may have fewer walls than this one
    found = base / config.market
    where = str(found.resolve()) if config.market and found.exists() else config.market
    return Plan(
        config=config,
        market=market,
        seeds=fit.seeds,
        left_out=[seed.name for seed in fit.left_out],
        identity=identity(market, config, fit.seeds, where if place is None else place, isolation),
    )


def assemble(planned: Plan, archive: Archive, workers: Pool, gateway: Gateway | None = None) -> Run:
    """The run before its first generation; the loop reads again what the archive was told.

    Args:
        planned: The run.
        archive: Where it is kept.
        workers: Where candidates are made and measured.
        gateway: Where models are asked; None where none is.
    """
    search = planned.config.search
    structural = (JUMP,) if search.selection == "random" else names(search.operators)
    operators = (*structural, TUNE) if search.tune.trials else structural
    run = Run(
        archive=archive,
        pool=workers,
        population=Population(),
        selector=SELECTORS[search.selection](search),
        credit=_credit(search, operators),
        seeds=[(seed.name, seed.text) for seed in planned.seeds],
        size=search.population,
        seed=planned.config.seed,
    )
    if search.tune.trials:
        run.tuner = Tuner(workers, archive, run.population, search.tune)
    if gateway is not None:
        run.authors = authors(planned, run, gateway, operators)
    return run


def authors(
    planned: Plan, run: Run, gateway: Gateway, operators: tuple[str, ...]
) -> LanguageModels:
    """The models as authors of a run's strategies and prompts."""
    settings, market = planned.config.llm, planned.market
    competing = operators if settings.share == "auto" else ()
    goal = goal_of(settings.goal, settings.category or None, market.panel.dimensions)
    panel = market.panel
    mask = Mask(panel.symbols, market=market.name, fields=panel.dimensions)
    library = Library(
        archive=run.archive,
        pool=run.pool,
        population=run.population,
        shown=Shown(mask),
        system=system_message(
            setup(market, planned.config),
            assets=panel.assets,
            bars_per_year=panel.bars_per_year,
        ),
        goal=goal,
        tokens=settings.briefing_tokens,
    )
    return LanguageModels(
        settings,
        seed=planned.config.seed,
        selector=run.selector,
        population=run.population,
        credit=_credit(planned.config.search, (*competing, *MODEL_OPERATORS)),
        strategist=Strategist(gateway, cast(settings), library, goal),
        rewriter=Rewriter(
            gateway,
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            hide=mask.prose,
        ),
    )


def _credit(search: Search, operators: tuple[str, ...]) -> OperatorCredit:
    """What operators earn; each costs an evaluation, but tuning costs more, and models the most."""
    dear = 10 * max(search.tune.trials, 10)
    costs = dict.fromkeys(operators, 1.0) | {TUNE: 1.0 + search.tune.trials}
    return OperatorCredit(
        operators,
        explore=search.epsilon,
        memory=search.discount,
        costs=costs | dict.fromkeys(MODEL_OPERATORS, float(dear)),
        cost_weight=search.cost_penalty,
    )

"""The composition root: what a run needs is checked, then put together.

The only tables from name to class are here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.identity import Identity
from archive.population import Population
from archive.store import Archive
from archive.transcript import Replayed
from engine import VERSION
from engine.config import Config, ConfigError, Search
from engine.credit import OperatorCredit
from engine.generation import Search as Run
from engine.llm.attempts import GatewaySettings
from engine.llm.briefing import Shown, system_message
from engine.llm.budget import Budgets, check_prices
from engine.llm.conversation import Roles
from engine.llm.gateway import Gateway
from engine.llm.goal import CATEGORIES, goal_of
from engine.llm.masking import Mask
from engine.llm.question import Model
from engine.operators.language_model import LanguageModels
from engine.operators.material import Library
from engine.operators.prompts import Prompts
from engine.operators.screened import START, Screened
from engine.operators.structural import JUMP, Structural, names
from engine.operators.tune import TUNE, Tuner
from engine.proposer import Proposer
from engine.roster import Roster
from engine.seeding import Seed, SeedError, Seeds, fit_seeds, read_seeds
from engine.selection import NoveltySelector, ParetoSelector, RandomSelector, Selector
from engine.settings import LLM
from engine.validation import Bars, Validation, of_market
from sandbox.errand import Setup
from sandbox.market import Market, load, resolve
from sandbox.pool import InProcess, Pool, RayPool
from sandbox.screen import Screen
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


def setup(market: Market, config: Config, terms: Terms | None = None) -> Setup:
    """What every worker of a run is told; by default it measures on the training bars."""
    return Setup(
        fields=dict(sorted(market.panel.dimensions.items())),  # their order enters the operators
        terms=terms or Terms.of_training(market, config.objective),
        max_window=market.split.max_window,
        cache_mb=config.sandbox.cache_mb,
        draw_wall_s=config.sandbox.draw_wall_s,
        isolation=config.sandbox.isolation,
        screened=config.search.screen,
    )


def pool(market: Market, config: Config, terms: Terms | None = None) -> Pool:
    """The workers; `terms` as in `setup`.

    Raises:
        PoolError: They do not start.
    """
    settings = config.sandbox
    made = setup(market, config, terms)
    if settings.workers == 0:
        return InProcess(market.panel, made)
    import archive
    import engine
    import genomes
    import sandbox

    return RayPool(
        market.panel,
        made,
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
        validation: How its validation bars are opened; None where the market has none at hand (a
            twin), or the run leaves them alone.
    """

    config: Config
    market: Market
    seeds: Sequence[Seed]
    left_out: Sequence[str]
    identity: Identity
    validation: Bars | None = None


def plan(
    config: Config,
    base: Path,
    *,
    seed_from: Sequence[Path] = (),
    kept_seeds: Sequence[Seed] = (),
    place: str | None = None,
    market: Market | None = None,
) -> Plan:
    """Look at everything a run needs before anything starts.

    Args:
        config: The settings.
        base: The folder that a relative market path begins in.
        seed_from: The user's strategy files, or folders of them.
        kept_seeds: Generation 0 of a run to resume; where there are any, no file is read.
        place: Where a resumed run first found its market.
        market: The market, where it is loaded already, such as a twin.

    Raises:
        ConfigError, MarketError, SeedError, JailError: Each with every problem it found.
    """
    try:
        names(config.search.operators)
    except ValueError as error:
        raise ConfigError([str(error)]) from None
    check_models(config.llm)
    asked = config.search.validation_step > 0 and market is None
    market = market or load_market(config.market, base)
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
        validation=of_market(config, base) if asked else None,
    )


def check_models(settings: LLM) -> None:
    """See that what is said of models can be meant.

    Raises:
        ConfigError: All of it that cannot.
    """
    problems = check_prices(
        settings.prices, settings.everyone, Budgets(**settings.budget.model_dump())
    )
    if settings.category and settings.category not in CATEGORIES:
        known = ", ".join(CATEGORIES)
        problems.append(f"llm.category = {settings.category!r}; needs one of {known}, or none")
    for flag, said in (("--goal", settings.goal), ("--llm-base-url", settings.server.base_url)):
        if said and not settings.models:
            problems.append(f"{flag} is for models: add one with --llm MODEL")
    if problems:
        raise ConfigError(problems)


@contextmanager
def gateway(
    settings: LLM, archive: Archive, models: dict[str, Model] | None, replay: str | None
) -> Generator[Gateway | None]:
    """The gateway of a run, closed behind it; None where no model is asked.

    Args:
        settings: How it asks.
        archive: Keeps the transcript.
        models: Who answers; ignored in a replay.
        replay: Path or URL of the archive whose answers are given again.
    """
    if not settings.models:
        yield None
        return
    source = Archive.open(replay, identity=None, readonly=True) if replay else None
    transcript = Replayed(source.transcript, archive.transcript) if source else archive.transcript
    made = Gateway(
        None if source else models,
        transcript,
        settings=GatewaySettings.of(settings.server),
        prices=settings.prices,
        budgets=Budgets() if source else Budgets(**settings.budget.model_dump()),
    )
    try:
        yield made
    finally:
        made.close()
        if source:
            source.close()


def assemble(planned: Plan, archive: Archive, workers: Pool, gateway: Gateway | None = None) -> Run:
    """The run before its first generation; the loop reads again what the archive holds.

    Args:
        planned: The run.
        archive: Where it is kept.
        workers: Where candidates are made and measured.
        gateway: Where models are asked; None where none is.
    """
    search = planned.config.search
    run = Run(
        archive=archive,
        pool=workers,
        population=Population(),
        selector=SELECTORS[search.selection](search),
        proposers=(),
        size=search.population,
        seed=planned.config.seed,
        validation=None if planned.validation is None else Validation(planned.validation, archive),
    )
    run.proposers = proposers(planned, run, gateway)
    return run


def proposers(planned: Plan, run: Run, gateway: Gateway | None) -> list[Proposer]:
    """Who proposes candidates, in the order asked; the last one takes every slot that is left."""
    search = planned.config.search
    structural = (JUMP,) if search.selection == "random" else names(search.operators)
    operators = (*structural, TUNE) if search.tune.trials else structural
    looks = search.screen and search.selection != "random"
    screen = run.pool.screen() if looks else None
    operators = (*operators, START) if looks else operators
    members: list[Proposer] = [Seeds(planned.seeds)]
    if search.tune.trials:
        members.append(
            Tuner(
                pool=run.pool,
                archive=run.archive,
                population=run.population,
                selector=run.selector,
                settings=search.tune,
            )
        )
    if gateway is not None:
        members += _models(planned, run, gateway, operators, screen)
    if screen is not None:
        members.append(
            Screened(
                screen,
                run.selector,
                size=search.population,
                residuals=search.residuals,
            )
        )
    return [*members, Structural(_credit(search, operators), run.selector)]


def _models(
    planned: Plan,
    run: Run,
    gateway: Gateway,
    operators: tuple[str, ...],
    screen: Screen | None,
) -> list[Proposer]:
    """The models as authors of strategies, and of prompts."""
    settings, panel = planned.config.llm, planned.market.panel
    goal = goal_of(settings.goal, settings.category or None, panel.dimensions)
    mask = Mask(panel.symbols, market=planned.market.name, fields=panel.dimensions)
    library = Library(
        archive=run.archive,
        pool=run.pool,
        population=run.population,
        shown=Shown(mask),
        system=system_message(
            setup(planned.market, planned.config),
            assets=panel.assets,
            bars_per_year=panel.bars_per_year,
            screen=screen,
        ),
        goal=goal,
        tokens=settings.briefing_tokens,
    )
    roster = Roster(settings)
    prompts = Prompts(
        settings,
        seed=planned.config.seed,
        roster=roster,
        gateway=gateway,
        hide=mask.prose,
    )
    competing = operators if settings.share == "auto" else ()
    authors = LanguageModels(
        settings,
        selector=run.selector,
        population=run.population,
        credit=_credit(planned.config.search, (*competing, *LanguageModels.operators)),
        roster=roster,
        prompts=prompts,
        gateway=gateway,
        roles=Roles.of(settings),
        library=library,
        goal=goal,
    )
    return [authors, prompts]


def _credit(search: Search, operators: tuple[str, ...]) -> OperatorCredit:
    """What operators earn; each costs an evaluation, but tuning costs more, and models the most."""
    most = 10 * max(search.tune.trials, 10)
    costs = dict.fromkeys(operators, 1.0) | {TUNE: 1.0 + search.tune.trials}
    return OperatorCredit(
        operators,
        explore=search.epsilon,
        memory=search.discount,
        costs=costs | dict.fromkeys(LanguageModels.operators, float(most)),
        cost_weight=search.cost_penalty,
    )

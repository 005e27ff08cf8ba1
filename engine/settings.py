"""The settings of a search, table by table; `engine.config` reads and checks them as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Part(BaseModel):
    """A table of the config: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tune(Part):
    """Tuning of a strategy's declared parameters, as an operator among the others.

    Attributes:
        method: `grid`: an even grid over all parameters. `tpe`: Optuna's tree-structured Parzen
            estimator. `grid_then_tpe`: a coarse grid with half of the trials, then that.
        trials: Trials per session beside the parent's own values, e.g. 16; a space with no more
            points is tried whole, whatever the method. 0 turns tuning off.
        batch: Trials proposed at a time, for any number of workers.
    """

    method: Literal["grid", "tpe", "grid_then_tpe"] = "grid_then_tpe"
    trials: int = Field(default=0, ge=0, le=10_000)
    batch: int = Field(default=8, ge=1, le=1000)


class Search(Part):
    """How the next candidates are chosen.

    Attributes:
        population: Candidates per generation.
        selection: Who becomes a parent: `novelty` (fit and novel, with few children), `pareto`
            (NSGA-II over fitness, novelty and brevity), `random` (no parents: every candidate is a
            new strategy; the baseline a search has to beat).
        builtin_seeds: Whether the strategies that come with Finch are among the seeds.
        screen: Whether the training bars are scanned for simple conditions before the search, and
            new strategies written from what stands out; every look is counted.
        residuals: Slots of a generation in which the screen looks at a parent, for the gate or the
            leg that would help it; each takes some 700 looks, and the time of forty children.
        operators: Operators in use; empty for all.
        epsilon: Share of draws in which every operator is equally likely, regardless of credit.
        discount: Factor on an operator's past credit per generation; 1 forgets nothing.
        cost_penalty: Extra credit that the most expensive operator needs to be drawn as often as
            the cheapest.
        pareto_pool: Members that NSGA-II sorts: the newest ones.
        validation_step: What a challenger must be better by on validation bars to become champion,
            in standard errors of an annual Sharpe ratio there (1 / sqrt(years)). 0 leaves
            validation alone: the champion is the fittest in training.
        tune: Tuning of parameters, as an operator.
    """

    population: int = Field(default=64, ge=1, le=100_000)
    selection: Literal["novelty", "pareto", "random"] = "novelty"
    builtin_seeds: bool = True
    screen: bool = True
    residuals: int = Field(default=1, ge=0, le=100_000)
    operators: tuple[str, ...] = ()
    epsilon: float = Field(default=0.2, ge=0, le=1)
    discount: float = Field(default=0.9, gt=0, le=1)
    cost_penalty: float = Field(default=0.1, ge=0, le=1)
    pareto_pool: int = Field(default=500, ge=4, le=100_000)
    validation_step: float = Field(default=0.5, ge=0, le=10)
    tune: Tune = Tune()


class Sandbox(Part):
    """Where candidates run. Affects a run's duration, never its results.

    Attributes:
        workers: Ray workers; 0 runs everything in this process.
        ray_address: A cluster; empty for this machine.
        cache_mb: Limit of each worker's cache of computed values.
        draw_wall_s: Time limit for tracing one strategy; a backstop.
        batch_wall_s: A batch that takes longer is hung; its worker is replaced.
        isolation: `full` requires every isolation layer of the jail; `reduced` accepts those that
            the platform has (sandbox/README.md).
    """

    workers: int = Field(default=2, ge=0, le=10_000)
    ray_address: str = ""
    cache_mb: int = Field(default=256, ge=1, le=1_000_000)
    draw_wall_s: float = Field(default=5.0, gt=0, le=3600)
    batch_wall_s: float = Field(default=120.0, gt=0, le=86_400)
    isolation: Literal["full", "reduced"] = "full"


class Budget(Part):
    """Limits on what models cost; a run stops cleanly when one is used up. 0: no limit.

    Attributes:
        money: In the currency of the prices.
        tokens: Tokens in and out.
        calls: Requests, answered or failed.
        seconds: Time of this session.
    """

    money: float = Field(default=0.0, ge=0)
    tokens: int = Field(default=0, ge=0)
    calls: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)


class Server(Part):
    """Connection to the models' servers. Affects a run's duration, never its results.

    Attributes:
        base_url: Any OpenAI-compatible server; empty: OPENAI_BASE_URL, else OpenAI.
        concurrency: Requests in flight at a time.
        timeout_s: Time limit of one attempt.
        attempts: Attempts per question before the next model is asked.
        backoff_s: First pause between attempts; doubles each time.
    """

    base_url: str = ""
    concurrency: int = Field(default=8, ge=1, le=1000)
    timeout_s: float = Field(default=300.0, gt=0, le=3600)
    attempts: int = Field(default=4, ge=1, le=20)
    backoff_s: float = Field(default=1.0, ge=0, le=600)


class Prompts(Part):
    """How the prompts evolve.

    Attributes:
        every: Generations from one batch of new prompts to the next; 0: never.
        count: New prompts per batch.
        by_model: Share of them written by a model; the others are structural variants.
        active: Prompts of a kind in use at a time.
        control: Share of draws that use the plain control prompt, regardless of credit.
    """

    every: int = Field(default=5, ge=0, le=100_000)
    count: int = Field(default=1, ge=1, le=100)
    by_model: float = Field(default=0.5, ge=0, le=1)
    active: int = Field(default=12, ge=1, le=24)
    control: float = Field(default=0.3, ge=0, le=1)


Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Price per million tokens."""


class LLM(Part):
    """Language models: which are asked, when, and for what. Ignored if `models` is empty.

    Attributes:
        models: Models that write strategies; the first to ask is drawn by credit and cost, the
            others are fallbacks.
        analyst: Models that explain a backtest, in order of preference; empty: `models`.
        critic: Models that criticise proposals; empty: `models`.
        rewriter: Models that rewrite prompts; empty: `models`.
        goal: Requirements in the user's words.
        category: Kind of strategy wanted, one of those in `engine.llm.goal`; empty: taken from the
            goal.
        share: Share of a generation's candidates that models write, or `auto`: models compete with
            the other operators on credit and cost.
        every: Generations from one use of models to the next.
        plateau: Models are asked only after this many generations without a new best; 0: always.
        pipeline_depth: Generations between what selection and credit have seen and what they
            choose, so that models write while candidates are measured.
        analysis: Whether the analyst is asked about every parent.
        drafts: Proposals asked for each candidate; the critic's favourite is taken.
        debate: Rounds between critic and strategist; 0: no critic.
        temperature: Of the strategist's answers.
        max_tokens: Cap on an answer.
        briefing_tokens: Limit of the briefing, not counting the language page.
        cost_penalty: Penalty on a model's or prompt's credit per unit of its relative cost.
        prices: Model, or prefix of its name -> price per million tokens in and out.
        prompts: How the prompts evolve.
        budget: Limits on cost.
        server: Connection settings.
    """

    models: tuple[str, ...] = ()
    analyst: tuple[str, ...] = ()
    critic: tuple[str, ...] = ()
    rewriter: tuple[str, ...] = ()
    goal: str = Field(default="", max_length=4000)
    category: str = ""
    share: float | Literal["auto"] = 0.5
    every: int = Field(default=1, ge=1, le=100_000)
    plateau: int = Field(default=0, ge=0, le=100_000)
    pipeline_depth: int = Field(default=1, ge=0, le=1)
    analysis: bool = True
    drafts: int = Field(default=1, ge=1, le=8)
    debate: int = Field(default=0, ge=0, le=8)
    temperature: float = Field(default=0.8, ge=0, le=2)
    max_tokens: int = Field(default=8000, ge=64, le=1_000_000)
    briefing_tokens: int = Field(default=6000, ge=500, le=1_000_000)
    cost_penalty: float = Field(default=0.1, ge=0, le=10)
    prices: Mapping[str, tuple[Price, Price]] = Field(
        default_factory=dict[str, tuple[Price, Price]]
    )
    prompts: Prompts = Prompts()
    budget: Budget = Budget()
    server: Server = Server()

    @property
    def everyone(self) -> tuple[str, ...]:
        """All models that may be asked, each once."""
        roles = (self.models, self.analyst, self.critic, self.rewriter)
        return tuple(dict.fromkeys(name for role in roles for name in role))

    @field_validator("share", mode="before")
    @classmethod
    def _is_a_share(cls, value: object) -> object:
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
        if not number and value != "auto":
            raise ValueError("needs a share from 0 to 1, or auto")
        return value

    @field_validator("models", "analyst", "critic", "rewriter")
    @classmethod
    def _are_named_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name.strip() for name in value):
            raise ValueError('needs names of models, e.g. ["gpt-5-mini"]; one is empty')
        return tuple(dict.fromkeys(name.strip() for name in value))

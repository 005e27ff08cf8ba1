"""Which parameters mattered in a tuning session: what sets its best quarter apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine.operators.space import distribution_of
from genomes.language.params import Param, Value

MIN_MEASURED = 8  # with fewer the figures are noise
TOP_SHARE = 0.25  # Optuna's own tenth would be two trials


def importances_of(
    params: Mapping[str, Param],
    points: Sequence[Mapping[str, Value]],
    fitness: Sequence[float | None],
) -> dict[str, float]:
    """Each parameter's share of the importance, 1 in all, by Optuna's PED-ANOVA.

    It needs no scikit-learn and draws nothing, unlike Optuna's forests, and only asks what is in
    the best quarter. What was floored or refused is not, and counts: among the survivors
    alone, what separates good from bad no longer shows.

    Args:
        params: The parameters searched.
        points: The values of each trial.
        fitness: Theirs; None for those without.

    Returns:
        Parameter -> share; empty where there is one parameter, little was measured, or the trials
        have no best quarter.
    """
    import optuna

    measured = [value for value in fitness if value is not None]
    if len(params) < 2 or len(measured) < MIN_MEASURED:
        return {}
    worst = min(measured) - 1.0
    values = [worst if value is None else value for value in fitness]
    if sorted(values, reverse=True)[math.ceil(TOP_SHARE * len(values)) - 1] == min(values):
        return {}
    study = optuna.create_study(direction="maximize", study_name="importances")
    space = {name: distribution_of(param) for name, param in params.items()}
    for point, value in zip(points, values, strict=True):
        trial = optuna.trial.create_trial(params=dict(point), distributions=space, value=value)
        study.add_trial(trial)
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=TOP_SHARE)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    if len(set(found.values())) < 2:
        return {}
    return {name: float(found[name]) for name in params}

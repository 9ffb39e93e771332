import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from training.metrics import (
    bootstrap,
    calibration_error,
    f1,
    pair_accuracy,
    pr_auc,
    recall_at_precision,
    roc_auc,
    threshold_at_precision,
    threshold_for_f1,
    wilson,
)

TRUTH = np.array([True, True, False, True, False, False])
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.3, 0.1])


def test_figures_of_a_small_set_by_hand():
    assert roc_auc(TRUTH, SCORES) == pytest.approx(8 / 9)
    assert pr_auc(TRUTH, SCORES) == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert f1(TRUTH, SCORES >= 0.5) == pytest.approx(6 / 7)
    assert recall_at_precision(TRUTH, SCORES, 1.0) == pytest.approx(2 / 3)
    assert threshold_at_precision(TRUTH, SCORES, 0.75) == pytest.approx(0.6)
    assert threshold_for_f1(TRUTH, SCORES) == pytest.approx(0.6)


def test_tied_scores_are_flagged_together():
    assert threshold_at_precision(np.array([True, False]), np.array([0.5, 0.5]), 1.0) is None


def test_wilson_agrees_with_the_published_example():
    figure = wilson(81, 263)  # Newcombe 1998, table I
    assert (round(figure.low, 4), round(figure.high, 4)) == (0.2553, 0.3662)


def test_calibration_of_a_sure_and_right_model_is_zero():
    assert calibration_error(np.array([True, False]), np.array([1.0, 0.0])) == 0
    assert calibration_error(np.array([False, False]), np.array([0.95, 0.95])) == pytest.approx(0.95)


def test_a_pair_counts_when_both_sides_are_right():
    figure = pair_accuracy(
        [True, False, True, False, True], [True, False, True, True, True], ["a", "a", "b", "b", None]
    )
    assert (figure.value, figure.n) == (0.5, 2)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=30))
def test_an_interval_holds_its_figure(rows):
    truth, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    hits = wilson(int(truth.sum()), len(truth))
    assert hits.low - 1e-9 <= hits.value <= hits.high + 1e-9
    assert 0 <= calibration_error(truth, scores) <= 1


def test_groups_widen_the_interval():
    truth = np.repeat([True, False, True, False], 25)
    scores = np.repeat([0.9, 0.6, 0.5, 0.2], 25)
    rows = bootstrap(roc_auc, truth, scores)
    groups = bootstrap(roc_auc, truth, scores, groups=[str(at // 25) for at in range(100)])
    assert groups.high - groups.low > rows.high - rows.low


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_areas_agree_with_scikit_learn_also_on_ties(rows):
    truth, scores = np.array([row[0] for row in rows]), np.array([row[1] / 5 for row in rows])
    if truth.any():
        assert pr_auc(truth, scores) == pytest.approx(average_precision_score(truth, scores))
    if 0 < truth.sum() < len(truth):
        assert roc_auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))

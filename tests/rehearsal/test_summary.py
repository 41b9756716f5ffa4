from __future__ import annotations

from dagster_project.rehearsal.judge import summary
from dagster_project.rehearsal.judge.verdict import Verdict, beside, counted, nothing


def test_a_summary_names_the_worst_of_each_kind_and_what_did_not_hold() -> None:
    verdicts = [
        Verdict("share by lab, S1: the worst of 9", 0.2, 0.2004, 0.0004, "points"),
        Verdict("share by lab, S2: the worst of 9", 0.2, 0.21, 0.01, "points"),
        counted("roots found", 7, 7, "roots"),
        counted("roots missed", 0, 1, "roots"),
        nothing("stars"),
    ]
    assert [summary.held(verdict) for verdict in summary.compared(verdicts)] == [True, False, True, False]
    assert [kind.words()[:2] for kind in summary.kinds(verdicts)] == [
        ("share by lab", "1 of 2"),
        ("roots found", "1 of 1"),
        ("roots missed", "0 of 1"),
    ]
    assert summary.kinds(verdicts)[0].worst is verdicts[1]


def test_what_no_capture_could_show_has_its_own_figure_and_excuses_nothing_else() -> None:
    whole = [
        Verdict("share by lab, S1: the worst of 9", 0.2, 0.21, 0.01, "points"),
        Verdict("share by lab, S4: the worst of 9", 0.2, 0.23, 0.03, "points"),
        counted("roots found", 7, 6, "roots"),
    ]
    shown = [
        Verdict("share by lab, S1: the worst of 8", 0.2, 0.2004, 0.0004, "points"),
        Verdict("share by lab, S4: the worst of 8", 0.2, 0.22, 0.02, "points"),
    ]
    first, second, third = beside(whole, shown)
    assert [verdict.besides for verdict in (first, second, third)] == [0.0004, 0.02, None]
    assert [summary.held(verdict) for verdict in (first, second, third)] == [True, False, False]
    assert [summary.hides(verdict) for verdict in (first, second, third)] == [True, False, False]
    assert first.words()[3:] == ("1.00 points", "0.04 points")

"""Statuses are found by name, former name and role; wrong sets are refused."""

from dataclasses import replace

import pytest

from mailcase.cases.statuses import SHIPPED, Role, Status, StatusKind, StatusTable

RENAMED = tuple(replace(one, name="Neu", formerly=("New",)) if one.role is Role.NEW else one for one in SHIPPED)


def test_a_former_name_means_the_status_of_today() -> None:
    table = StatusTable.build(RENAMED)
    found = table.find("new")
    assert found is not None
    assert found.name == "Neu"
    assert table.by_role(Role.NEW).name == "Neu"


def test_final_names_hold_former_ones() -> None:
    closed = tuple(replace(one, formerly=("Done",)) if one.role is Role.CLOSED else one for one in SHIPPED)
    assert set(StatusTable.build(closed).final_names) == {"Closed", "Done", "Canceled"}


def test_an_unknown_status_counts_as_active_so_that_nothing_is_hidden() -> None:
    assert StatusTable().kind("Lost") is StatusKind.ACTIVE


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (SHIPPED[1:], "role 'new'"),
        ((*SHIPPED, Status("new", StatusKind.ACTIVE)), "used twice"),
        ((*SHIPPED, Status("Other", StatusKind.FINAL, Role.CLOSED)), "role 'closed'"),
        ((Status("New", StatusKind.FINAL, Role.NEW), *SHIPPED[1:]), "must be of kind"),
    ],
)
def test_a_wrong_set_is_refused_with_its_reason(statuses: tuple[Status, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        StatusTable.build(statuses)

"""Which assignment rule a new case falls under, by the policy in force."""

from mailcase.life.assignment import AssignmentRule, CaseToAssign, first_fit
from mailcase.policy import Policy


def assignment_for(case: CaseToAssign, policy: Policy) -> AssignmentRule | None:
    """The first rule that fits; None where none does, or where the category is assigned by hand."""
    if not policy.assignments or policy.cases.category(case.category).assign == "manual":
        return None
    return first_fit(policy.assignments, case)

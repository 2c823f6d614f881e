"""Who changed a shop's file and whether somebody else approved it: Ibis expressions. Pure."""

import ibis
import ibis.expr.types as ir
from ibis import _

MANAGER = "客户经理"
COLUMNS = ("changes.operator", "changes.approver", "staff.staff_id", "staff.name", "staff.role")


def with_approval(changes: ir.Table, staff: ir.Table) -> ir.Table:
    """changes (bureau, operator, approver) with `bare` and `by_manager`.

    Bare: nobody else approved it, in a bureau that notes approvers at all. By manager: the operator
    is an account manager, by code or name.
    """
    approver, operator = _.approver.nullif(""), _.operator.nullif("")
    noted = changes.group_by("bureau").agg(noted=approver.notnull().any())
    own = ibis.coalesce(approver == operator, False)
    judged = changes.join(noted, "bureau").mutate(bare=_.noted & (approver.isnull() | own))
    managers = staff.filter(ibis.coalesce(_.role, "") == MANAGER)
    called = ibis.union(
        managers.select(operator="staff_id"), managers.select(operator="name"), distinct=True
    )
    named = called.filter(_.operator.nullif("").notnull()).mutate(by_manager=True)
    marked = judged.left_join(named, "operator").drop("operator_right", "noted")
    return marked.mutate(by_manager=ibis.coalesce(_.by_manager, False))

"""Types of alerts that no nightly detector finds: what records of the program itself bring instead."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Elsewhere:
    """A type of the field's catalogue, and what the program does about it."""

    code: str
    title: str
    how: str


TYPES = (
    Elsewhere(
        "BEH-09",
        "客户亲述非本人订货",
        "电话询访中回答由客户经理或送货员下单的，预警升为红色，由他人下单的升为橙色，并转实地核查。",
    ),
    Elsewhere(
        "CMP-01",
        "投诉举报触发",
        "除按导入的工单比对外，可在“新建预警”中登记，一个编号一条，至少橙色。",
    ),
    Elsewhere(
        "CMP-03",
        "账实不符",
        "实地核查封存时，任一规格账实相差超过10条且超过应存的两成，预警升为橙色。",
    ),
    Elsewhere("CMP-05", "询访失联", "三次、两个半天均未联系上，预警提高一级并转实地核查。"),
    Elsewhere(
        "INT-12",
        "档案或敏感数据异常查询",
        "查看号码、导出名单都记入审计记录，由审计员查看；暂不生成预警。",
    ),
)

"""市局月考核评分表 as data: ten items, their points and what is deducted. A version never changes.

An assessment keeps the version's number and copies titles and points, so another version alters
no month that was scored.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Item:
    """`standard`: the most that it gives. `rules` are what people read beside the suggestion."""

    number: int
    key: str
    title: str
    standard: Decimal
    rules: str


@dataclass(frozen=True)
class Sheet:
    version: int
    items: tuple[Item, ...]
    most_bonus: Decimal
    bonus_rules: str
    veto_rules: str

    @property
    def whole(self) -> Decimal:
        """The points of all items together: 100."""
        return sum((item.standard for item in self.items), Decimal(0))


def _item(number: int, key: str, title: str, standard: int, rules: str) -> Item:
    return Item(number, key, title, Decimal(standard), rules)


SHEETS = {
    1: Sheet(
        version=1,
        items=(
            _item(1, "report", "工作报告", 10, "迟报每天扣 2 分；缺一部分扣 1 分；所写数字与系统不符每处扣 1 分；与上月雷同 80% 以上扣 3 分。"),
            _item(2, "news", "信息报送", 8, "周报每缺一期扣 2 分；重大信息迟报扣 4 分、瞒报扣 8 分。"),
            _item(3, "in_time", "预警处置及时率", 20, "20 分 × 按时率；红色预警每超期一条扣 3 分。"),
            _item(4, "quality", "预警处置质量", 15, "结论错误每条扣 3 分；理由空泛每条扣 1 分；判定正常后又查出外流每条扣 5 分。"),
            _item(5, "calls", "电话询访", 7, "7 分 × 询访覆盖率；接通而无录音每次扣 0.5 分。"),
            _item(6, "visits", "实地核查", 12, "红色预警未实地核查每条扣 2 分；未签字又无见证每份扣 1 分；没有照片每份扣 1 分。"),
            _item(7, "rectify", "整改与改进建议", 8, "整改每逾期一项扣 2 分。"),
            _item(8, "outflow", "非法流通治理与码段录入", 10, "码段录入迟、错每次扣 1 分；外流案件超控制线每起扣 2 分；未一案双查每起扣 4 分。"),
            _item(9, "complaints", "投诉举报", 5, "逾期每件扣 2 分；对内管人员投诉属实每件扣 5 分。"),
            _item(10, "files", "检查配合与台账档案", 5, "缺卷每份扣 1 分。"),
        ),
        most_bonus=Decimal(5),
        bonus_rules="案例入库每篇加 1 分；信息被采用每条加 1 分（至多 3 分）；自查发现并查实每起加 2 分。合计至多 5 分。",
        veto_rules="隐瞒不报、伪造记录、泄露举报人信息的，一票否决，当月记 0 分。",
    ),
}  # fmt: skip
CURRENT = max(SHEETS)

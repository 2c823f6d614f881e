"""The disposition report (处置报告) on paper, from the text that was sealed."""

import datetime as dt
import json
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime

from alerts.causes import CAUSES, VIOLATIONS
from alerts.models import Outcome
from documents.rendering import Block, Facts, Heading, Paper, Signatures, Table, Text
from sources.crypto import unseal

SECTIONS = (
    ("facts", "调查核实情况"),
    ("origin", "成因分析"),
    ("grounds", "认定依据"),
    ("measures", "处理意见"),
    ("effect", "处置成效与不足"),
)


def report_paper(text: str, *, digest: str = "", receipt: str = "", draft: bool = False) -> Paper:
    """The paper of a report's canonical text (see cases.actions.conclusions.content_of)."""
    content = json.loads(text)
    alert = content["alert"]
    blocks: list[Block] = [
        Heading("一、预警基本情况"),
        Facts(
            [
                ("预警编号", alert["code"]),
                ("等级", f"{alert['grade']}色"),
                ("对象", alert["subject"]),
                ("许可证号", alert["licence_no"] or "—"),
                ("订货日", alert["on"]),
                ("经办人", content["drafted_by"]),
                ("预警内容", alert["sentence"]),
            ]
        ),
        Heading("二、处置过程"),
        Table(
            [("时间", "left"), ("事项", "left"), ("记录编号", "left")],
            [[_moment(one["at"]), one["text"], one["code"]] for one in content["story"]],
        ),
        Heading("三、结论"),
        Facts(_verdict(content), columns=1),
    ]
    for number, (name, title) in zip("四五六七八", SECTIONS, strict=True):
        blocks += [Heading(f"{number}、{title}"), Text(content[name] or "无。")]
    blocks.append(Signatures(_signatures(content)))
    ended = parse_datetime(content["approved_at"] or content["submitted_at"] or "")
    return Paper(
        title="预警处置报告",
        bureau=content["bureau"],
        code=content["code"],
        blocks=blocks,
        at=ended or dt.datetime(2000, 1, 1, tzinfo=dt.UTC),  # a draft has no moment of its own
        digest=digest,
        receipt=receipt,
        draft=draft,
    )


def _verdict(content: dict[str, Any]) -> list[tuple[str, str]]:
    outcome = content["outcome"]
    reasons = [CAUSES[code] for code in content["causes"]]
    wrong = [VIOLATIONS[code] for code in content["violations"]]
    rows = [
        ("认定", Outcome(outcome).label if outcome else "尚未选择"),
        ("正常原因", "；".join(reasons)),
        ("违规情形", "；".join(wrong)),
        ("涉及人员", unseal(content["people"])),
        ("关注至", content["watch_until"] or ""),
    ]
    return [(label, value) for label, value in rows if value]


def _signatures(content: dict[str, Any]) -> list[tuple[str, bytes | None, str, str]]:
    """Those who signed in the program: by name and time, with what they added."""
    drafted: tuple[str, bytes | None, str, str] = (
        f"经办：{content['drafted_by']}", None, _moment(content["submitted_at"]), "系统内提交",
    )  # fmt: skip
    return [drafted] + [
        (f"{one['step']}：{one['by']}", None, _moment(one["at"]), one["reason"] or "同意")
        for one in content["reviews"]
    ]


def _moment(text: str | None) -> str:
    at = parse_datetime(text) if text else None
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else ""

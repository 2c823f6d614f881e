"""What is asked on the telephone, in this order, and which answers contradict the order.

The retailer's own statement (Q1: when and how much was last ordered) is no entry here: it has fields of
its own and comes before everything that would put words into somebody's mouth.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VERSION = "2026.1"  # of the script and the questions; kept with each record

Answers = Mapping[str, Mapping[str, Any]]  # question key -> choice, text, causes, number


class Kind(enum.Enum):
    CHOICE = "choice"
    CAUSES = "causes"  # codes of alerts.causes.CAUSES, and words
    NUMBER = "number"  # cartons
    TEXT = "text"


class Words(enum.Enum):
    """When a question wants words beside its choice."""

    NEVER = "never"
    BAD = "bad"  # where the answer contradicts the order
    ALWAYS = "always"


@dataclass(frozen=True)
class Choice:
    """An answer. `said` is the contradiction in a sentence; without one the answer is in order."""

    value: str
    title: str
    said: str = ""

    @property
    def is_bad(self) -> bool:
        return bool(self.said)


@dataclass(frozen=True, kw_only=True)
class Question:
    key: str  # stored in Interview.answers, so never renamed
    number: str
    text: str
    kind: Kind = Kind.CHOICE
    choices: tuple[Choice, ...] = ()
    is_required: bool = True
    words: Words = Words.NEVER
    words_label: str = "补充说明"
    hint: str = ""  # what to ask next, for the one who asks

    def choice(self, value: str) -> Choice | None:
        return next((one for one in self.choices if one.value == value), None)

    def lacks(self, given: Mapping[str, Any]) -> str:
        """What is missing of a required answer, in words, or nothing."""
        text = str(given.get("text", "")).strip()
        if self.kind is Kind.CHOICE:
            chosen = self.choice(given.get("choice", ""))
            if chosen is None:
                return "没有回答" if self.is_required else ""
            wanted = self.words is Words.ALWAYS or (self.words is Words.BAD and chosen.is_bad)
            return f"须写明{self.words_label}" if wanted and not text else ""
        if not self.is_required or text or given.get("causes") or given.get("number") is not None:
            return ""
        return "没有回答"

    def contradiction(self, given: Mapping[str, Any]) -> str:
        """The sentence of an answer that contradicts the order or the rules, or nothing."""
        chosen = self.choice(given.get("choice", ""))
        if chosen is None or not chosen.is_bad:
            return ""
        text = str(given.get("text", "")).strip()
        return f"{chosen.said}：{text[:200]}" if text else chosen.said


NO = Choice("no", "没有")
WILL_NOT_SAY = Choice("silent", "不愿回答")
UNSURE = Choice("unsure", "说不清")

RECEIVED = Question(
    key="received",
    number="Q2",
    text="订单上的这些烟，是否如数收到？",
    choices=(
        Choice("all", "全部收到"),
        Choice("part", "部分收到", "自述订单所列卷烟只收到一部分"),
        Choice("none", "没有收到", "自述没有收到订单所列卷烟"),
        UNSURE,
    ),
    hint="逐个品规问实收条数，少收的问清当时有没有签字、向谁反映过。",
)

CORE = (
    RECEIVED,
    Question(
        key="taken_by",
        number="Q3",
        text="这批烟是谁收的，在哪里收的，什么时候送到的？",
        choices=(
            Choice("self", "本人在店内"),
            Choice("family", "家人或店员在店内"),
            Choice("proxy", "他人代收", "自述订单卷烟由他人代收"),
            Choice("elsewhere", "不在店内收货", "自述不在店内收货"),
            UNSURE,
        ),
        words=Words.ALWAYS,
        words_label="收货人、地点和时间",
        hint="代收的问清是谁、什么关系、为什么代收；是否有定点取货协议。",
    ),
    Question(
        key="ordered_by",
        number="Q4",
        text="这次的订单是谁提交的？",
        choices=(
            Choice("self", "本人"),
            Choice("family", "家人或店员"),
            Choice("manager", "客户经理", "自述订单由客户经理提交"),
            Choice("delivery", "送货员", "自述订单由送货员提交"),
            Choice("other", "其他人", "自述订单由他人提交"),
            UNSURE,
        ),
        words=Words.BAD,
        words_label="姓名和原因",
        hint="回答不是本人的，请问清：谁、在哪里、用什么设备、是否给过密码、事先知不知道。",
    ),
    Question(
        key="password",
        number="Q5",
        text="平时用什么方式、什么设备订货？账号密码由谁保管？",
        choices=(
            Choice("self", "本人保管"),
            Choice("family", "家人或店员保管"),
            Choice("staff", "工作人员知道", "自述烟草工作人员知道订货账号密码"),
            Choice("other", "其他人知道", "自述他人知道订货账号密码"),
            UNSURE,
        ),
        words=Words.ALWAYS,
        words_label="订货方式和设备",
        hint="工作人员知道密码的，问清是谁、何时要去的、用它订过几次。",
    ),
    Question(
        key="account",
        number="Q6",
        text="付货款的账户是谁的？银行卡由谁保管？",
        choices=(
            Choice("self", "本人账户，本人保管"),
            Choice("family", "家人账户或家人保管"),
            Choice("staff", "工作人员的或由其保管", "自述货款账户属于工作人员或由其保管"),
            Choice("other", "其他人的或由其保管", "自述货款账户属于他人或由他人保管"),
            UNSURE,
        ),
        words=Words.BAD,
        words_label="是谁、为什么",
        hint="他人付款的，问清是谁、和本店什么关系、是否也替别的店付款。",
    ),
    Question(
        key="cause",
        number="Q7",
        text="这次订的数量或品规和平时不一样，是什么原因？",
        kind=Kind.CAUSES,
        words=Words.ALWAYS,
        words_label="对方的说法",
        hint="原因能不能查证：宴席的日期和地点、单位的名称、相邻停业店的店名。",
    ),
    Question(
        key="stock",
        number="Q8",
        text="现在店里大约还有多少条烟？",
        kind=Kind.NUMBER,
        is_required=False,
    ),
    Question(
        key="sold",
        number="Q8",
        text="近 7 天大约卖了多少条？",
        kind=Kind.NUMBER,
        is_required=False,
    ),
    Question(
        key="bundled",
        number="Q9",
        text="订货时有没有被要求搭配别的烟？",
        choices=(NO, Choice("yes", "有", "自述订货时被要求搭配"), WILL_NOT_SAY),
        words=Words.BAD,
        words_label="谁要求的、搭配了什么",
        hint="有的，问清谁要求、搭配了哪些品规、不搭配会怎样。",
    ),
    Question(
        key="passed_on",
        number="Q10",
        text="有没有把烟转给别人，或者替别人订过烟？",
        choices=(NO, Choice("yes", "有", "自述把卷烟转给他人或替他人订货"), WILL_NOT_SAY),
        words=Words.BAD,
        words_label="给了谁、多少条",
        hint="有的，问清给了谁、多少条、什么价、怎么交接。",
    ),
    Question(
        key="staff",
        number="Q11",
        text="工作人员有没有代订、扣烟、收费或者吃拿卡要？",
        choices=(NO, Choice("yes", "有", "反映工作人员有违规行为"), WILL_NOT_SAY),
        words=Words.BAD,
        words_label="谁、什么事、什么时候",
        hint="有的，只记事实：谁、什么事、什么时候、有无凭证。不评价，不承诺处理结果。",
    ),
    Question(
        key="visits",
        number="Q12",
        text="客户经理和送货员多久来一次？",
        kind=Kind.TEXT,
        is_required=False,
    ),
    Question(
        key="opinion",
        number="Q13",
        text="还有什么意见、建议或投诉？",
        kind=Kind.TEXT,
        is_required=False,
    ),
)

SHOP = Question(
    key="shop_open",
    number="补1",
    text="店里现在正常营业吗？",
    choices=(
        Choice("open", "正常营业"),
        Choice("closed", "停业或歇业", "自述店铺已停业或歇业"),
        Choice("moved", "已搬迁", "自述店铺已搬离登记地址"),
    ),
    words=Words.BAD,
    words_label="从什么时候起、搬到哪里",
    hint="停业超过一个月应当办停业；问清停业期间的订单是谁订的。",
)
WANTED = Question(
    key="wanted",
    number="补2",
    text="这批烟是不是您店里自己要卖的？",
    choices=(
        Choice("yes", "是"),
        Choice("no", "不是", "自述这批卷烟不是本店需要"),
        UNSURE,
    ),
    words=Words.BAD,
    words_label="替谁订的",
)
SHARED = Question(
    key="shared",
    number="补3",
    text="订货用的手机、网络，别的店也用吗？",
    choices=(
        NO,
        Choice("same", "同一家人或同一店主的店"),
        Choice("yes", "别的店也用", "自述与其他店共用订货设备或网络"),
        UNSURE,
    ),
    words=Words.BAD,
    words_label="哪些店、为什么",
    hint="不说出其他店的名字，让对方自己说。",
)
LATER = Question(
    key="later",
    number="补4",
    text="以后由谁来下单？",
    kind=Kind.TEXT,
)
EXTRA: dict[str, tuple[Question, ...]] = {  # by alert family
    "LINK": (SHOP, WANTED, SHARED, LATER),
    "INFO": (
        SHOP,
        Question(
            key="change",
            number="补2",
            text="近期的电话、账户或类别变更，是您自己要求的吗？",
            choices=(
                Choice("yes", "是"),
                Choice("none", "没有变更过"),
                Choice("no", "不是", "自述资料变更不是本人要求"),
                UNSURE,
            ),
            words=Words.BAD,
            words_label="谁办的、怎么知道的",
        ),
    ),
    "DELIV": (
        Question(
            key="signed",
            number="补1",
            text="收货时是当面点清后自己签收的吗？",
            choices=(
                Choice("yes", "是"),
                Choice("no", "不是", "自述不是当面点清后本人签收"),
                UNSURE,
            ),
            words=Words.BAD,
            words_label="谁签的、怎么签的",
        ),
    ),
    "PAY": (
        Question(
            key="paid_for",
            number="补1",
            text="有没有人替您付货款，或者您替别的店付过？",
            choices=(NO, Choice("yes", "有", "自述他人代付货款或替他店付款"), WILL_NOT_SAY),
            words=Words.BAD,
            words_label="谁付的、多少钱、为什么",
        ),
    ),
    "CASE": (
        Question(
            key="bought_up",
            number="补1",
            text="近期有没有人到店里成条收购，或者一次买走很多？",
            choices=(NO, Choice("yes", "有", "自述有人到店成条收购"), WILL_NOT_SAY),
            words=Words.BAD,
            words_label="什么人、什么品规、多少条",
            hint="问清时间、次数、价格、车牌和联系方式。",
        ),
    ),
    "LIMIT": (
        Question(
            key="told",
            number="补1",
            text="订满上限是自己的意思，还是有人让您这样订？",
            choices=(
                Choice("self", "自己的意思"),
                Choice("told", "有人要求", "自述有人要求订满上限"),
                UNSURE,
            ),
            words=Words.BAD,
            words_label="谁、怎么说的",
        ),
    ),
    "INT": (SHOP, WANTED),
}

RECORD = Question(
    key="record", number="", text="记录", kind=Kind.TEXT, is_required=False
)  # what else was said, in the interviewer's words


def script(*, bureau: str, name: str, certificate: str) -> str:
    """What is read aloud first: who is calling, that it is recorded, what about."""
    badge = f"，证件号 {certificate}" if certificate else ""
    return (
        f"您好，我是{bureau}内部专卖管理监督人员{name}{badge}。本次通话会录音，"
        "想向您核实最近的卷烟订购情况，请您如实说明。您可以不回答，也可以随时提出意见。"
    )


OPENING = "请您先说说：最近一次订货是哪一天？一共订了多少条？"  # Q1: without naming day or quantity


def questions(family: str) -> tuple[Question, ...]:
    """The questions after the statement for an alert of a family, in the order of asking."""
    return (*CORE, *EXTRA.get(family, ()), RECORD)


def missing(family: str, answers: Answers) -> Iterator[tuple[Question, str]]:
    """The questions whose answers a completed record lacks, and what of them."""
    for question in questions(family):
        lack = question.lacks(answers.get(question.key, {}))
        if lack:
            yield question, lack

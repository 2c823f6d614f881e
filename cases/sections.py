"""The form of an inspection as data: its sections in the order of the work, and what each asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["line", "text", "choice", "number", "date"]
YES_NO = {"yes": "是", "no": "否"}
KEEPERS = {
    "self": "本人",
    "family": "家人",
    "manager": "客户经理",
    "courier": "送货员",
    "other": "他人",
}
STRANGERS = ("manager", "courier", "other")


@dataclass(frozen=True)
class Field:
    """One question. `required` is enforced when the record is sealed; drafts may lack anything."""

    key: str
    label: str
    kind: Kind = "line"
    choices: Mapping[str, str] | None = None
    required: bool = False
    needed_if: tuple[tuple[str, tuple[str, ...]], ...] = ()  # required if one has one of the values
    absent: bool = False  # asked for even where nobody was there
    secret: bool = False  # personal: encrypted at rest
    masked: bool = False  # screens and papers show its ends only
    bad: tuple[str, ...] = ()  # answers that catch the eye
    unit: str = ""
    help: str = ""

    def said(self, value: Any) -> str:
        """The answer in words; empty where there is none."""
        if value in (None, ""):
            return ""
        if self.choices is not None:
            return self.choices.get(str(value), str(value))
        number = f"{value:g}" if isinstance(value, float) else str(value)
        return f"{number} {self.unit}" if self.unit else number

    def is_due(self, values: Mapping[str, Any], *, absent: bool) -> bool:
        """Whether the record lacks this answer."""
        if values.get(self.key) not in (None, "") or (absent and not self.absent):
            return False
        return self.required or any(values.get(key) in given for key, given in self.needed_if)


@dataclass(frozen=True, eq=False)
class Section:
    """One step of the visit."""

    key: str
    title: str
    fields: tuple[Field, ...] = ()

    def lacks(self, values: Mapping[str, Any], *, absent: bool = False) -> Iterator[Field]:
        return (field for field in self.fields if field.is_due(values, absent=absent))


MATCHES = ("licence_match", "holder_match", "address_match")
PREMISES = Section(
    "premises",
    "经营场所",
    (
        Field("shown_certificate", "已向当事人出示执法证件", "choice", YES_NO, required=True, bad=("no",)),
        Field("told_recusal", "已告知申请回避、陈述申辩的权利", "choice", YES_NO, bad=("no",)),
        Field("place", "核查地点", required=True, absent=True, secret=True),
        Field("present_name", "在场人姓名", required=True, secret=True),
        Field("present_relation", "在场人与持证人关系", "choice",
              {"self": "本人", "spouse": "配偶", "parent": "父母", "child": "子女",
               "clerk": "店员", "other": "其他"}, required=True),
        Field("present_id", "在场人身份证号", secret=True, masked=True),
        Field("present_phone", "联系电话", secret=True, masked=True),
        Field("others", "其他在场人"),
        Field("licence_shown", "许可证是否在店内公示", "choice",
              {"yes": "是", "no": "否", "expired": "过期"}, required=True, bad=("no", "expired")),
        Field("licence_match", "证照相符（与营业执照）", "choice",
              {"yes": "相符", "no": "不相符"}, required=True, bad=("no",)),
        Field("holder_match", "证人相符（实际经营人与持证人）", "choice",
              {"yes": "相符", "family": "家庭成员", "no": "不相符"}, required=True, bad=("no",)),
        Field("address_match", "证址相符（经营地址与许可证）", "choice",
              {"yes": "相符", "no": "不相符"}, required=True, bad=("no",)),
        Field("match_note", "不相符的说明", "text",
              needed_if=tuple((key, ("no",)) for key in MATCHES)),
        Field("operator", "实际经营人", secret=True),
        Field("open_state", "是否正常营业", "choice",
              {"open": "营业", "closed": "临时关门", "long": "长期停业", "sold": "转让",
               "gone": "拆迁", "none": "查无此店"}, required=True, absent=True,
              bad=("long", "sold", "gone", "none")),
        Field("closed_since", "停业起始日期", "date", needed_if=(("open_state", ("long",)),)),
        Field("biz_type", "业态", required=True),
        Field("area", "营业面积", "number", unit="平方米"),
        Field("surroundings", "周边环境", "choice",
              {"shops": "商圈", "homes": "住宅区", "school": "学校周边", "village": "村屯",
               "road": "交通沿线", "tour": "景区", "other": "其他"}),
        Field("price_marked", "是否明码标价", "choice", YES_NO, bad=("no",)),
        Field("daily_sales", "日均销量（自述）", "number", required=True, unit="条"),
        Field("main_products", "主销品规与主要消费群体", "text"),
        Field("retail_price", "零售价与指导价不一致的品规", "text"),
        Field("other_storage", "店外存放卷烟", "choice",
              {"none": "没有", "storehouse": "仓库", "home": "住宅"}, bad=("storehouse", "home")),
        Field("storage_place", "店外存放地点", secret=True,
              needed_if=(("other_storage", ("storehouse", "home")),)),
    ),
)  # fmt: skip
STOCK = Section(
    "stock",
    "库存清点",
    (
        Field("where", "盘点地点", "choice",
              {"shop": "柜台", "both": "柜台和库房", "all": "柜台、库房和住宅"}, required=True),
        Field("explanation", "差异及去向说明", "text",
              help="写明当事人怎么说、有无收款记录或其他凭证。"),
        Field("codes_note", "32 位码抽查不足的原因", "text",
              help="一般抽查不少于 10 条，或实存的 20%。"),
    ),
)  # fmt: skip
RECORDING = Section(
    "recording",
    "通话录音",
    (
        Field("played", "是否现场播放订货通话录音", "choice",
              {"yes": "已播放", "none": "无录音可播"}, required=True),
        Field("origin", "录音来源（提取人、系统、通话时间）", "text",
              needed_if=(("played", ("yes",)),)),
        Field("voice", "当事人辨认声音", "choice",
              {"self": "是本人", "other": "不是本人", "unsure": "不确定"},
              needed_if=(("played", ("yes",)),), bad=("other",)),
        Field("points", "听取要点", "text", help="写下关键时间点与原话。"),
    ),
)  # fmt: skip
ORDERING = Section(
    "ordering",
    "订货 IP 与演示",
    (
        Field("shop_ip", "店内网络 IP"),
        Field("same_ip", "店内网络与订货 IP", "choice",
              {"yes": "相同", "no": "不同", "unknown": "未查到"}, bad=("no",)),
        Field("device", "订货设备", "choice",
              {"shop": "店内电脑", "self": "本人手机", "family": "家人手机", "other": "他人设备"},
              required=True, bad=("other",)),
        Field("device_note", "设备型号、微信号"),
        Field("demo", "本人现场演示登录下单", "choice",
              {"yes": "能独立完成", "part": "能完成一部分", "no": "不能", "refused": "拒绝演示"},
              required=True, bad=("no", "refused")),
        Field("demo_note", "演示情况", "text", needed_if=(("demo", ("part", "no", "refused")),)),
        Field("password", "账号密码由谁保管", "choice", KEEPERS, required=True, bad=STRANGERS),
        Field("ordered_by", "代订人及原因", "text", needed_if=(("password", STRANGERS),)),
        Field("knows", "是否知道本期订单内容", "choice",
              {"yes": "知道", "part": "部分知道", "no": "不知道"}, required=True, bad=("no",)),
        Field("stated", "本期订货自述", "text"),
    ),
)  # fmt: skip
RECEIVING = Section(
    "receiving",
    "收货付款",
    (
        Field("last_delivery", "最近送货日期", "date"),
        Field("courier", "送货员"),
        Field("receiver", "由谁收货", "choice", KEEPERS, required=True, bad=STRANGERS),
        Field("full", "收货数量", "choice",
              {"yes": "足量", "short": "不足", "none": "未收到"}, required=True, bad=("short", "none")),
        Field("full_note", "不足或未收到的说明", "text", needed_if=(("full", ("short", "none")),)),
        Field("slip", "与送货单核对", "choice", {"yes": "相符", "no": "不相符", "none": "无送货单"},
              bad=("no",)),
        Field("payer", "付款账户户名", secret=True),
        Field("card", "银行卡由谁保管", "choice", KEEPERS, required=True, bad=STRANGERS),
        Field("pay_note", "收货付款其他情况", "text"),
    ),
)  # fmt: skip
DOUBTS = Section("doubts", "疑点清单")
PHOTOS = Section("photos", "现场照片")
SIGN = Section(
    "sign",
    "意见与签字",
    (
        Field("opinion", "当事人对以上记录的意见", "choice",
              {"true": "属实", "part": "部分属实", "false": "不属实"}, required=True,
              bad=("part", "false")),
        Field("opinion_note", "当事人的具体意见", "text",
              needed_if=(("opinion", ("part", "false")),)),
        Field("complaint", "当事人的其他意见、投诉", "text"),
    ),
)  # fmt: skip

SECTIONS = (PREMISES, STOCK, RECORDING, ORDERING, RECEIVING, DOUBTS, PHOTOS, SIGN)
BY_KEY = {section.key: section for section in SECTIONS}
FIELDS = {(section.key, field.key): field for section in SECTIONS for field in section.fields}
STATEMENT = "以上记录我已看过（已向我宣读），内容真实、有效，与我所述一致。"

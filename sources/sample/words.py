"""Invented people, shops and places. Numbers come from ranges that belong to nobody."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rng = np.random.Generator
Words = npt.NDArray[np.object_]


def each(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


SURNAMES = "黄韦农陆覃蒙梁李林何罗陈许潘赵周谭凌闭零甘卢玉蓝莫石施冯邓岑"
GIVEN = each(
    "兰 英 芳 秀 梅 玲 娟 燕 丽 萍 军 强 勇 伟 明 福 荣 国 志 文 海 春 建华 秀英 国强 志明 美玲 "
    "春燕 海燕 建国 文娟 桂芳 少华 永福 家和 玉兰 丽萍 金凤 永强 小梅 惠兰 志军 子龙 水英 成业"
)
RARE_GIVEN = ("䶮", "㛃", "堃", "犇")  # the first two need four bytes in GB18030
LUCKY = each(
    "龙腾 兴旺 福满 鑫源 顺达 永兴 旺角 聚福 金辉 同乐 万家 佳兴 阿兰 阿英 三姐 宏发 丰顺 德福 祥和 "
    "吉祥 好又来 天天 惠民 百姓 康乐 新新 友谊 利民 联兴 富民 恒泰 诚信 老街 桥头 榕树头 山里人 甘蔗香 "
    "月亮湾 红棉 青山 碧水 兄弟 姐妹 邻里 乐购 星光 家家福 华联兴 广源 隆盛 合兴 泰和 瑞丰 嘉和 晨光 "
    "金叶 向阳 东风 胜利 朝阳 平安 如意 满堂 益民 便利来 客常来 四季春 新世纪 大众 阳光"
)
SUFFIXES = {
    "食杂店": ("小卖部", "副食店", "百货店", "商店", "粮油店"),
    "便利店": ("便利店", "便民店", "士多店"),
    "超市": ("超市", "生活超市", "购物广场"),
    "烟酒店": ("烟酒行", "烟酒商行", "名烟名酒店"),
    "娱乐服务": ("饭店", "农家乐", "茶楼"),
    "其他": ("批发部", "加油站便利店", "服务部"),
}
STREETS = ("解放路", "新华路", "建设街", "民族路", "圩场街", "江滨路", "学前路", "车站路")
TOWNS = {
    "450099": each(
        "岭洲镇 青岭镇 双江镇 石桥镇 白沙乡 龙潭镇 上坡乡 那屯乡 金竹镇 古榕乡 云盘乡 板桂乡"
    ),
    "450098": each("屏溪镇 大坝镇 花渡乡 清水乡"),
}
VILLAGES = ("那卜村", "板谷村", "陇怀村", "百沙屯")
CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
UNUSED_SEGMENTS = ("160", "161", "163", "164", "168", "169")  # no operator sells these


def people(rng: Rng, n: int) -> Words:
    """N names of two or three characters; a few hold characters that GBK does not know."""
    surnames = rng.choice(list(SURNAMES), n)
    given = rng.choice(GIVEN, n).astype(object)
    rare = rng.random(n) < 0.004
    given[rare] = rng.choice(RARE_GIVEN, int(rare.sum()))
    return np.array([s + g for s, g in zip(surnames, given, strict=True)], dtype=object)


def shop_names(rng: Rng, kinds: Words) -> Words:
    """A name for each shop that fits its kind (业态)."""
    lucky = rng.choice(LUCKY, len(kinds))
    turn = rng.integers(0, 60, len(kinds))
    return np.array(
        [
            word + SUFFIXES[kind][at % len(SUFFIXES[kind])]
            for word, kind, at in zip(lucky, kinds, turn, strict=True)
        ],
        dtype=object,
    )


def with_check_digit(first17: str) -> str:
    """The 18-digit ID number (GB 11643) that begins with these 17 digits."""
    total = sum(int(d) * w for d, w in zip(first17, CHECK_WEIGHTS, strict=True))
    return first17 + "10X98765432"[total % 11]


def id_numbers(rng: Rng, n: int, division: str) -> Words:
    """ID numbers of adults, from a division code that does not exist."""
    years, months, days = (rng.integers(*span, n) for span in ((1955, 2001), (1, 13), (1, 29)))
    rows = zip(years, months, days, rng.integers(1, 1000, n), strict=True)
    return np.array(
        [with_check_digit(f"{division}{y}{m:02}{d:02}{k:03}") for y, m, d, k in rows], dtype=object
    )


def phones(rng: Rng, n: int) -> Words:
    """Mobile numbers of 11 digits in segments that are not in use, so nobody is ever called."""
    heads = rng.choice(UNUSED_SEGMENTS, n)
    tails = rng.choice(10**8, n, replace=False)
    return np.array([f"{h}{t:08}" for h, t in zip(heads, tails, strict=True)], dtype=object)


def accounts(rng: Rng, n: int) -> Words:
    """Bank account numbers of 16 to 19 digits under an issuer number that does not exist."""
    lengths = rng.choice([16, 17, 19], n, p=[0.2, 0.1, 0.7])
    tails = rng.integers(10**12, 10**13, n)
    return np.array(
        [("629900" + f"{t}")[:n].ljust(n, "7") for t, n in zip(tails, lengths, strict=True)],
        dtype=object,
    )


def home_addresses(n: int, third: int) -> Words:
    """N different IPv4 addresses of the benchmark range 198.18.0.0/15, none of them routed."""
    return np.array([f"198.{18 + third}.{i // 250}.{i % 250 + 1}" for i in range(n)], dtype=object)


def carrier_addresses(n: int, third: int) -> Words:
    """The pool of a mobile carrier (100.64.0.0/10): strangers share these by accident."""
    return np.array([f"100.{64 + third}.{i // 250}.{i % 250 + 1}" for i in range(n)], dtype=object)

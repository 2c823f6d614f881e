"""The demo's bureaus and log-ins. Everybody knows the password: `neiguan.guard` keeps it off networks."""

from dataclasses import dataclass

from accounts.models import Bureau
from accounts.permissions import Role
from sources.sample.masters import CITY, CITY_NAME, PLACES, PROVINCE

DEMO_PASSWORD = "neiguan-demo-2026"  # noqa: S105 - public on purpose, the same on every machine
MAIN, SMALL = PLACES


@dataclass(frozen=True)
class Post:
    """A demo user, what he is and where."""

    username: str
    name: str
    role: Role
    bureau: str


BUREAUS = (
    (PROVINCE, "广西壮族自治区烟草专卖局", None, Bureau.Level.PROVINCE),
    (CITY, f"{CITY_NAME}烟草专卖局", PROVINCE, Bureau.Level.CITY),
    *(
        (place.code, f"{place.name}烟草专卖局", CITY, Bureau.Level.COUNTY)
        for place in (MAIN, SMALL)
    ),
)
POSTS = (
    Post("lz-neiguan", MAIN.supervisors[0], Role.COUNTY_SUPERVISOR, MAIN.code),
    Post("lz-neiguan2", MAIN.supervisors[1], Role.COUNTY_SUPERVISOR, MAIN.code),
    Post("lz-guzhang", "黄维衡", Role.COUNTY_LEAD, MAIN.code),
    Post("lz-fenguan", "蒙启正", Role.COUNTY_DEPUTY_HEAD, MAIN.code),
    Post("lz-shuju", "梁小禾", Role.DATA_CLERK, MAIN.code),
    Post("lz-yingxiao", "谭嘉树", Role.SALES_LIAISON, MAIN.code),
    Post("lz-zhuanmai", "冯守诚", Role.MONOPOLY_LIAISON, MAIN.code),
    Post("lz-wuliu", "甘远航", Role.LOGISTICS_LIAISON, MAIN.code),
    Post("cz-neiguan", "卢静言", Role.CITY_SUPERVISOR, CITY),
    Post("cz-kezhang", "莫思齐", Role.CITY_LEAD, CITY),
    Post("cz-fenguan", "玉承志", Role.CITY_DEPUTY_HEAD, CITY),
    Post("gx-viewer", "岑望舒", Role.PROVINCE_VIEWER, PROVINCE),
    Post("jijian", "邓廉之", Role.DISCIPLINE, CITY),
    Post("shenji", "石明察", Role.AUDITOR, CITY),
    Post("admin", "凌运维", Role.SYSADMIN, PROVINCE),
    Post("px-neiguan", SMALL.supervisors[0], Role.COUNTY_SUPERVISOR, SMALL.code),
    Post("px-neiguan2", SMALL.supervisors[1], Role.COUNTY_SUPERVISOR, SMALL.code),
    Post("px-guzhang", "潘立夏", Role.COUNTY_LEAD, SMALL.code),
    Post("px-fenguan", "赵知节", Role.COUNTY_DEPUTY_HEAD, SMALL.code),
)

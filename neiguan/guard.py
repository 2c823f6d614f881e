"""Demo accounts have a password that everybody knows: they never meet a network or production settings."""

import ipaddress

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.walls import ALL, open_walls

LOOPBACK_NAMES = {"localhost", ""}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; names other than localhost count as no."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def objection_to(host: str) -> str:
    """Why a server may not listen on `host` with the accounts there are, in plain words; '' when it may."""
    reasons = []
    if not is_loopback(host):
        reasons.append(f"监听地址 {host} 可从其他机器访问")
    if not settings.DEBUG:
        reasons.append("处于生产模式（DEBUG=0）")
    if not reasons:
        return ""
    with transaction.atomic():
        open_walls(ALL)
        demo = list(
            User.objects.filter(is_demo=True, is_active=True)
            .order_by("username")
            .values_list("username", flat=True)[:3]
        )
    if not demo:
        return ""
    return (
        f"拒绝启动：存在口令公开的演示账号（{'、'.join(demo)} 等），而服务{'，且'.join(reasons)}。"
        "请换用没有演示账号的数据库（另设 NEIGUAN_VAR 或 DATABASE_URL），或停用这些账号。"
    )

"""`make reset`: delete everything under NEIGUAN_VAR, after the person has typed its path's last part."""

import fcntl
import os
import sys
from pathlib import Path

from neiguan import embedded


def in_use(var: Path) -> bool:
    """Whether a process (make run, a command, a test) still works with these servers."""
    if not (var / "run").exists():
        return False
    users = embedded.open_lock(var, "users")
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(users)
    return False


def main() -> str | None:
    """Ask and delete; gives a message when nothing was deleted."""
    var = embedded.var_folder()
    if not (var / "secrets").exists():
        return f"{var} 中没有数据。"
    if in_use(var):
        return f"{var} 正在使用：请先停止 make run 与其他命令。"
    print(f"将删除 {var} 中的全部数据（数据库、事实数据、附件、密钥），无法恢复。")  # noqa: T201
    if input(f"确认请输入 {var.name}：").strip() != var.name:
        return "未删除。"
    embedded.destroy(var)
    print("已删除。")  # noqa: T201
    return None


if __name__ == "__main__":
    sys.exit(main())

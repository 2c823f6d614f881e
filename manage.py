#!/usr/bin/env python
"""Django's commands, with servers of our own when the environment names none."""

import os
import sys

WITHOUT_SERVERS = {"help", "version", "--help", "--version", "startapp"}
MIGRATES_FIRST = {"import_data", "detect", "export_alerts", "verify", "checkpoint", "demo"}


def main() -> None:
    """Run one command; `migrate` always runs as the owner of the schema."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")
    os.environ.setdefault("APP_BUREAUS", "all")  # commands are system work
    arguments = sys.argv[1:]
    command = arguments[0] if arguments else "help"
    if command not in WITHOUT_SERVERS:
        from neiguan import embedded

        if command == "serve":  # its supervisor starts them
            embedded.join()
        else:
            embedded.ensure()
    if command == "migrate" and not any(word.startswith("--database") for word in arguments):
        sys.argv.append("--database=owner")

    from django.core.management import call_command, execute_from_command_line

    if command in MIGRATES_FIRST and "--help" not in arguments:
        import django

        django.setup()
        from neiguan.schema import migrations_are_pending

        if migrations_are_pending():
            call_command("migrate", database="owner", verbosity=0, interactive=False)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

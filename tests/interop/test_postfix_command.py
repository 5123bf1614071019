"""Stock's postfix(1) starts, reloads and stops our master as it does its own."""

import os

import pytest

from support.conditions import wait_until
from support.programs import stock_but


@pytest.mark.parametrize("mix", [stock_but(), stock_but("master", "postlogd")], ids=str)
def test_start_status_reload_stop(stock_suite, mix):
    with stock_suite(mix, start=False) as mail:
        def postfix(word, **how):
            return mail.run([mail.command("postfix"), "-c", mail.config_directory, word], **how)

        mail.log.allow("fatal: the Postfix mail system is already running")
        assert postfix("status", check=False).returncode == 1
        (mail.queue_directory / "quick-start").touch()  # without checking owners and modes first
        postfix("start")
        first = mail.master_pid()
        assert postfix("start", check=False).returncode == 1
        assert mail.master_pid() == first
        assert postfix("status").returncode == 0
        mail.log.wait_for(f"the Postfix mail system is running: PID: {first}")
        postfix("reload")
        mail.log.wait_for("reload -- version 3.7.11, configuration ")
        assert mail.master_pid() == first
        postfix("stop")
        wait_until(lambda: not os.path.exists(f"/proc/{first}"), 10, "the end of master")
        if "postlogd" in mix.exceptions:  # stock's own is gone before it has read the last lines
            assert mail.log.find("stopping the Postfix mail system")
            mail.log.wait_for("terminating on signal 15")
        assert postfix("status", check=False).returncode == 1

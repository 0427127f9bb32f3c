"""The errors of the engine, each named for what happened. The docstring of one is the message that people read by default."""

from __future__ import annotations

from collections.abc import Sequence


class ProcessError(Exception):
    """操作未能完成，请稍后重试。"""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class NotFound(ProcessError):
    """没有找到这条记录，可能已被删除，或您无权查看。"""


class NotAllowed(ProcessError):
    """您没有办理此事项的权限。"""


class Refused(ProcessError):
    """目前不能办理。"""


class NotStarted(Refused):
    """这条记录刚刚导入，流程还在启动，请稍后再打开；如果一直没有变化，请在导入记录中打开那次导入，点击“继续”。"""


class TaskClosed(Refused):
    """此事项已被办理，请刷新页面查看最新状态。"""


class Suspended(Refused):
    """此流程已被挂起，恢复后才能办理。如有疑问请联系流程监控人员。"""


class FourEyes(NotAllowed):
    """同一人不能办理此流程中相互制约的两个步骤，请由其他人员办理。"""


class NotProved(ProcessError):
    """此项办理是签名，请先输入您的登录密码。"""


class FormInvalid(ProcessError):
    """填写内容有误，请按提示修改。"""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.problems = tuple(problems)
        """(field path such as `lines.0.trained`, message in Chinese) in the order of the form."""


class StaleAttempt(ProcessError):
    """An answer comes from an attempt at a job that is not the current one any more. It changes nothing."""


class EngineFault(ProcessError):
    """流程执行出错，已记录，请联系系统管理员。"""


class DiagramInvalid(ProcessError):
    """流程图未通过检查。"""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)

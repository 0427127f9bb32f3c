"""证书发放管理 (manual 4.2): the usual screens of issuances, and 下载证书."""

from __future__ import annotations

from flask import Response, send_file

from domain.platform import files
from forms.lists.issuances import ISSUANCE
from processes.errors import NotFound
from webapp.context import actor, db, runtime
from webapp.looks import note_look
from webapp.records.screens import record_blueprint

blueprint = record_blueprint(ISSUANCE)


@blueprint.post("/<int:record_id>/certificate", endpoint="certificate")
def certificate(record_id: int) -> Response:
    """下载证书: the sealed PDF, once there is one, for whoever may see the issuance. That somebody did is written down."""
    issuance = ISSUANCE.find(db(), actor(), record_id)
    file = files.file_of(db(), issuance.file_id) if issuance is not None and issuance.file_id is not None else None
    if file is None:
        raise NotFound
    path = files.path_of(runtime().settings.home, file.sha256)
    if not path.exists():
        raise NotFound("证书文件已不在服务器上，请联系管理员从备份中恢复。")
    note_look(ISSUANCE, record_id, "下载证书")
    answer = send_file(path, mimetype=file.media_type, as_attachment=True, download_name=file.name, etag=False)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer

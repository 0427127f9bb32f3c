"""Files: uploaded for a field of a form, downloaded by whoever may see the record that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from flask import Blueprint, Response, request, send_file, url_for
from flask.typing import ResponseReturnValue

from domain.ground.errors import DomainError
from domain.ground.filetypes import USUAL
from domain.platform import files
from domain.platform.budgets import check_bytes, check_uploads
from domain.platform.files import StoredFile
from forms.fields import MAX_MB, file_fields
from forms.lists import KINDS
from jobs.keeping import kept_bytes
from jobs.uploads import media_type_apart
from processes.definitions.store import load
from processes.errors import NotFound
from processes.history import instance_of
from processes.rights import access
from webapp.context import actor, current_actor, db, runtime
from webapp.fields.schemas import schema_of
from webapp.records.visibility import readable

blueprint = Blueprint("files", __name__, url_prefix="/files")


@blueprint.post("/")
def upload() -> ResponseReturnValue:
    """Keeps one file for the `field` of the form whose key is `form`: `{"id", "name", "size", "address"}`, or a message and 422."""
    rule = file_fields(schema_of(request.args.get("form", ""))).get(request.args.get("field", ""))
    sent = request.files.get("file")
    if rule is None or rule.get("readOnly"):
        raise NotFound
    if sent is None or not sent.filename:
        return {"message": "没有收到文件，请重新选择。"}, 422
    most = int(rule.get("x-max-mb", MAX_MB)) * 1024 * 1024
    name = sent.filename.replace("\\", "/").rpartition("/")[2]
    home, now, who = runtime().settings.home, runtime().engine.clock(), actor()
    try:
        check_uploads(db(), runtime().settings.budgets, who)
        db().rollback()  # writing the file to disk, and looking at it, must hold no lock
        with closing(sent), files.received(home, sent.stream, most) as part:
            media_type = media_type_apart(name, part.path, rule.get("x-accept", USUAL))
            check_uploads(db(), runtime().settings.budgets, who)
            kept_before = kept_bytes(db(), runtime().settings, who, now)
            check_bytes(db(), runtime().settings.budgets, who, kept_before, part.size)
            kept = files.keep(db(), home, who, name, media_type, part, now)
    except DomainError as error:
        return {"message": str(error)}, 422
    return {"id": kept.id, "name": kept.name, "size": kept.size, "address": url_for("files.download", file_id=kept.id)}


@blueprint.get("/<int:file_id>")
def download(file_id: int) -> Response:
    """The file, always as an attachment; `key` and `record` name the record through which the actor may see it."""
    file = files.file_of(db(), file_id)
    if file is None or not (files.may_open(actor(), file) or _holds(request.args.get("key", ""), request.args.get("record", ""), file_id)):
        raise NotFound
    path = files.path_of(runtime().settings.home, file.sha256)
    if not path.exists():
        raise NotFound("文件的内容已不在服务器上，请联系管理员从备份中恢复。")
    answer = send_file(path, mimetype=file.media_type, as_attachment=True, download_name=file.name, etag=False)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"  # should a browser show it after all, it can do nothing
    return answer


def stored_files(ids: Sequence[int], through_record: bool = False) -> Sequence[StoredFile]:
    """For templates: the files of an answer. Without a record that the page shows, only those of the actor's party."""
    who = current_actor()
    if who is None or not ids:
        return []
    return files.files_of(db(), ids, None if through_record else who.party_id)


def _holds(key: str, record: str, file_id: int) -> bool:
    """Whether a record that the actor may see has the file among its answers."""
    if key not in KINDS or not record.isdecimal() or len(record) > 9:
        return False
    found = readable(KINDS[key], int(record))
    instance = instance_of(db(), key, int(record)) if found is not None else None
    if found is None or instance is None:
        return False
    definition = load(db(), instance.definition_id)
    seen = access.without(definition.record_schema, access.hidden_from(definition, found, actor()))
    return any(file_id in found.answers().get(name, ()) for name in file_fields(seen))

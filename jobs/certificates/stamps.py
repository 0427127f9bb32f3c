"""What a signature looks like: the picture of a seal in the middle of its field, as large as fits (ISO 32000-2, 12.5.5 and 8.9.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyhanko.pdf_utils.content import ResourceType
from pyhanko.pdf_utils.generic import IndirectObject, NumberObject, PdfObject, StreamObject, pdf_name
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.stamp import BaseStampStyle
from pyhanko.stamp.base import BaseStamp

from jobs.certificates.seal_pictures import SealPicture


@dataclass(frozen=True)
class SealStyle(BaseStampStyle):
    """The look of one party's signatures."""

    picture: SealPicture = field(kw_only=True)

    def create_stamp(self, writer: BasePdfFileWriter, box: BoxConstraints, text_params: dict[str, Any]) -> SealStamp:
        """Called by pyHanko for each signature."""
        return SealStamp(writer, self, box)


class SealStamp(BaseStamp):
    """The look of one signature."""

    def __init__(self, writer: BasePdfFileWriter, style: SealStyle, box: BoxConstraints) -> None:
        super().__init__(writer, style, box)
        self.picture = style.picture
        self.set_resource(ResourceType.XOBJECT, pdf_name("/Seal"), _embedded(writer, style.picture))

    def _render_inner_content(self) -> list[bytes]:
        scale = min(self.box.width / self.picture.width, self.box.height / self.picture.height)
        width, height = self.picture.width * scale, self.picture.height * scale
        left, bottom = (self.box.width - width) / 2, (self.box.height - height) / 2
        return [b"%.2f 0 0 %.2f %.2f %.2f cm /Seal Do" % (width, height, left, bottom)]


def _embedded(writer: BasePdfFileWriter, picture: SealPicture) -> IndirectObject:
    mask = writer.add_object(_image(picture, picture.transparency, "/DeviceGray"))
    colours = _image(picture, picture.colours, "/DeviceRGB")
    colours[pdf_name("/SMask")] = mask
    return writer.add_object(colours)


def _image(picture: SealPicture, compressed: bytes, colours: str) -> StreamObject:
    told = {
        "/Type": pdf_name("/XObject"),
        "/Subtype": pdf_name("/Image"),
        "/Width": _number(picture.width),
        "/Height": _number(picture.height),
        "/ColorSpace": pdf_name(colours),
        "/BitsPerComponent": _number(8),
        "/Filter": pdf_name("/FlateDecode"),
    }
    return StreamObject({pdf_name(name): value for name, value in told.items()}, encoded_data=compressed)


def _number(value: int) -> PdfObject:
    return NumberObject(value)  # type: ignore[no-untyped-call]
